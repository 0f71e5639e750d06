export { connect, recordedProgram, type Supervisor } from './connect.js';
export { longestLine, readLines } from './lines.js';
export { findProject, findProjectFile, slugOf, type Place } from './project.js';
export { ConnectionLost, Rpc } from './rpc.js';
export { ensureService, findService, readServiceNote, type ConnectOptions, type Program, type ServiceNote } from './service.js';
export { Session, type Hello, type SessionOptions } from './session.js';
