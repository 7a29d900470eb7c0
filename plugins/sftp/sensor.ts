/** The sensor that waits for files on a host. */
import { type FromContext, resolveField, type SensorBody, type TaskContext } from "dagsmith";
import { sftpHook } from "./hook.ts";

/** The files that the sensor waits for. */
export interface SftpSensorOptions<Context extends TaskContext = TaskContext> {
  /** Id of a connection of type `ssh` or `sftp`. */
  readonly sftp: FromContext<string, Context>;
  /** A path; in its last part, `*` is any text and `?` one character. */
  readonly path: FromContext<string, Context>;
  /** How many files must match. Default 1. */
  readonly atLeast?: number;
  /** Smallest size in bytes of each; a writer may create an empty file first. Default 0. */
  readonly minBytes?: number;
}

/** A file that the sensor found. */
export interface FoundFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** The output of a task is no place for a longer list. */
const MAX_FOUND = 1_000;

/**
 * Waits until files exist on a host. Airflow: SFTPSensor.
 * @returns path and size of each, by name, at most the first 1,000
 * @throws Error when the folder does not exist; FailTask without the right to it
 * @example d.sensor("landed", { interval: "5m" }, sftpSensor({ sftp: "files", path: "in/*.csv" }));
 */
export function sftpSensor<Context extends TaskContext>(
  options: SftpSensorOptions<Context>,
): SensorBody<readonly FoundFile[], Context> {
  return async function sftpSensor(context) {
    const files = await context.hook(sftpHook(await resolveField(options.sftp, context)));
    const { atLeast = 1, minBytes = 0 } = options;
    const all = await files.match(await resolveField(options.path, context));
    const found = all.filter(({ size }) => size >= minBytes);
    context.log.info(`${found.length} of ${atLeast} files are there`);
    if (found.length < atLeast) return { done: false };
    return {
      done: true,
      value: found.slice(0, MAX_FOUND).map(({ path, size }) => ({ path, size })),
    };
  };
}
