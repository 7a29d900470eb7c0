/**
 * dagsmith/plugins/docker: runs containers on Docker, or on another engine with its API.
 * On dockerode.
 */
import type { ConnectionType } from "dagsmith";
import { dockerConnection } from "./connection.ts";

export { docker } from "./docker.ts";
export type { DockerMount, DockerOptions, DockerResources } from "./options.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [dockerConnection];
