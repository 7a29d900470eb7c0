/**
 * dagsmith/plugins/objects: one interface over object stores (S3, GCS, Azure Blob Storage
 * and folders), sensors that wait for objects, and transfers between any two of them.
 */

export { type AwaitedObject, type ObjectSensorOptions, objectSensor } from "./object_sensor.ts";
export type { ObjectStore } from "./object_store.ts";
export {
  type ObjectStoreOptions,
  type ObjectStoreRef,
  objectStore,
  type StoreContext,
} from "./open_store.ts";
export {
  type DownloadOptions,
  type FilePlace,
  type ObjectPlace,
  type PrefixPlace,
  type TransferOptions,
  type Transferred,
  transfer,
} from "./transfer.ts";
