/** The sensor that waits for objects in S3. */
import { type FromContext, resolveField, type SensorBody, type TaskContext } from "dagsmith";
import type { S3ObjectHead } from "./s3.ts";
import { s3Hook } from "./s3_hook.ts";

export interface S3KeySensorOptions<Context extends TaskContext> {
  /** Id of a connection of type `aws` or `s3`. */
  readonly s3: FromContext<string, Context>;
  readonly bucket: FromContext<string, Context>;
  /** One key, or several that must all exist. */
  readonly key: FromContext<string | readonly string[], Context>;
  /**
   * Smallest size in bytes of each; a writer may create an empty object first. Default 0.
   */
  readonly minBytes?: number;
}

/** An object that was found. */
export interface FoundObject {
  readonly key: string;
  /** Bytes as stored. */
  readonly size: number;
  readonly etag: string;
}

/**
 * Waits until objects exist.
 * @returns key, size and etag of each, in the order of the keys
 * @throws FailTask when the bucket does not exist or the credentials are refused
 * @example const landed = d.sensor("landed", { interval: "5m", timeout: "12h" },
 *   s3KeySensor({ s3: "s3", bucket: "lake", key: "trips.csv" }));
 */
export function s3KeySensor<Context extends TaskContext>(
  options: S3KeySensorOptions<Context>,
): SensorBody<readonly FoundObject[], Context> {
  return async function s3KeySensor(context) {
    const s3 = await context.hook(s3Hook(await resolveField(options.s3, context)));
    const bucket = await resolveField(options.bucket, context);
    const keys = [await resolveField(options.key, context)].flat();
    const heads: S3ObjectHead[] = [];
    for (const key of keys) {
      const head = await s3.head(bucket, key);
      if (head === null || head.size < (options.minBytes ?? 0)) {
        context.log.info(`s3://${bucket}/${key} is not there yet`);
        return { done: false };
      }
      heads.push(head);
    }
    return { done: true, value: heads.map(({ key, size, etag }) => ({ key, size, etag })) };
  };
}
