/** dagsmith/plugins/docker: runs containers on Docker, or on another engine with its API. */
export { docker } from "./docker.ts";
export type { DockerMount, DockerOptions, DockerResources } from "./options.ts";
