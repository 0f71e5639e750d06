export { isOutdated, readBuild, type Build } from './build.js';
export { connect, type Supervisor } from './connect.js';
export { longestLine, readLines } from './lines.js';
export { readLogins, writeLogin, type Logins } from './logins.js';
export { demandProject, findProject, findProjectFile, mainFolderOf, readProjectFields, slugOf, type Place } from './project.js';
export { ConnectionLost, Rpc } from './rpc.js';
export { followLog } from './log.js';
export {
  ensureService,
  findService,
  readServiceNote,
  serviceGone,
  type ConnectOptions,
  type Program,
  type ServiceIdentity,
  type ServiceNote,
} from './service.js';
export { Session, type Hello, type SessionOptions } from './session.js';
