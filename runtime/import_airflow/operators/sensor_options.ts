/** The options that all sensors have, and sensors of files. */
import { type Code, code, NotCarried, quoted } from "../code.ts";
import type { Declaration } from "./declaration.ts";
import type { OperatorCall } from "./operator_call.ts";

/** Interval, timeout and their like. */
export function sensorOptions(call: OperatorCall): Readonly<Record<string, Code | undefined>> {
  call.ignore("mode", "deferrable");
  return {
    interval: call.duration("poke_interval"),
    timeout: call.duration("timeout"),
    backoff: call.isTrue("exponential_backoff") ? code("2") : undefined,
    maxInterval: call.duration("max_wait"),
    softFail: call.isTrue("soft_fail") ? code("true") : undefined,
  };
}

export function fileSensor(call: OperatorCall): Declaration {
  call.ignore("fs_conn_id");
  const path = call.text("filepath");
  if (path === undefined || /[*?[{]/.test(path))
    throw new NotCarried("the path is a pattern or a template");
  const body = code(`() => existsSync(${quoted(path)})`, "node/fs:existsSync");
  return { builder: "sensor", options: sensorOptions(call), body };
}
