/**
 * dagsmith/plugins/object_backend: what backends of object stores share, also those of
 * your own.
 */
export {
  abortable,
  eachAtOnce,
  inKeyOrder,
  partsOf,
  type StreamPart,
} from "./backend_tools.ts";
export { isLastingStatus } from "./lasting.ts";
export { readBody } from "./read_body.ts";
