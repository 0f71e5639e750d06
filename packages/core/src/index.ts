export { parseJson, readText, retryAfter } from './answer.js';
export { bind, type Audit, type AuditEntry, type BindOptions } from './bind.js';
export { coerce } from './coerce.js';
export { badCursor, cutPage, numberIn } from './cursor.js';
export { describe } from './describe.js';
export type { Answerer, Catalogue, FieldSchema, ObjectSchema, OperationDescription } from './description.js';
export { errorFromBody, httpStatus, SupervisorError, type ErrorBody, type ErrorCode, type ErrorDetails } from './errors.js';
export {
  instanceField,
  instant,
  nameField,
  nextCursor,
  page,
  projectField,
  projectFilter,
  proseField,
  sensitive,
  slug,
  textField,
} from './fields.js';
export { isGranted, mayReach, type Grant } from './grants.js';
export { homeFailure } from './home-failure.js';
export { homeAt, type Home } from './home.js';
export { nearest, NotFound } from './nearest.js';
export { operation, type AnyOperation, type Context, type Module, type Operation, type Released, type Toolset } from './operation.js';
export { agent, mayAccess, owner, scopes, type Access, type Principal, type Scope } from './principal.js';
export { isLocal, isPlain, parseOrigin } from './origin.js';
export { remembered } from './remembered.js';
export { checkProject, ownProject, slugPattern, toSlug } from './slug.js';
export { listTools, parseToolsets, resolveTool, type Tool, type ToolSelection } from './tools.js';
