/** Operators and sensors of S3. */
import { code, NotCarried, objectOf, quoted } from "../code.ts";
import { plain, textOf, type Value } from "../evaluate/value.ts";
import type { Declaration } from "./declaration.ts";
import { hookTask } from "./hook_task.ts";
import type { OperatorCall } from "./operator_call.ts";
import { sensorOptions } from "./sensor_options.ts";

const CONNECTION = ["aws_conn_id", "source_aws_conn_id"];

function connection(call: OperatorCall): Value {
  return call.value(...CONNECTION) ?? plain("aws_default");
}

export function s3KeySensor(call: OperatorCall): Declaration {
  call.ignore("verify");
  if (call.value("wildcard_match", "check_fn", "use_regex"))
    throw new NotCarried("it matches a pattern, or has a test in Python");
  const address = /^s3:\/\/([^/]+)\/(.+)$/s.exec(call.text("bucket_key") ?? "");
  const options = objectOf({
    s3: call.textField(...CONNECTION) ?? code(quoted("aws_default")),
    bucket: address ? code(quoted(address[1] ?? "")) : call.textField("bucket_name"),
    key: address ? code(quoted(address[2] ?? "")) : call.textsField("bucket_key"),
  });
  if (!/\bbucket:/.test(options.text) || !/\bkey:/.test(options.text))
    throw new NotCarried("the bucket or the key is missing");
  const body = code(`s3KeySensor(${options.text})`, "aws:s3KeySensor");
  return { builder: "sensor", options: sensorOptions(call), body };
}

export function s3CreateObject(call: OperatorCall): Declaration {
  call.ignore("replace");
  const args = [call.needed("s3_bucket"), call.needed("s3_key"), call.needed("data")];
  const method = ([bucket, key, data]: readonly string[]) => `putText(${bucket}, ${key}, ${data})`;
  return hookTask({ hook: "aws:s3Hook", connection: connection(call), method, args }, call.carry);
}

export function s3DeleteObjects(call: OperatorCall): Declaration {
  const args = [call.needed("bucket"), call.needed("keys")];
  const method = ([bucket, keys]: readonly string[]) => `delete(${bucket}, ${keys})`;
  return hookTask({ hook: "aws:s3Hook", connection: connection(call), method, args }, call.carry);
}

export function s3CopyObject(call: OperatorCall): Declaration {
  const args = ["source_bucket_name", "source_bucket_key", "dest_bucket_name", "dest_bucket_key"];
  const method = ([from, key, to, copy]: readonly string[]) =>
    `copy({ bucket: ${from}, key: ${key} }, { bucket: ${to}, key: ${copy} })`;
  const values = args.map((name) => call.needed(name));
  return hookTask(
    { hook: "aws:s3Hook", connection: connection(call), method, args: values },
    call.carry,
  );
}

export function localFilesystemToS3(call: OperatorCall): Declaration {
  call.ignore("replace");
  const bucket = call.needed("dest_bucket");
  if (/^s3:/.test(textOf(call.value("dest_key")) ?? ""))
    throw new NotCarried("the destination is a URL");
  const args = [call.needed("filename"), bucket, call.needed("dest_key")];
  const method = ([file, to, key]: readonly string[]) =>
    `putStream(${to}, ${key}, createReadStream(${file}))`;
  return hookTask(
    {
      ...{ hook: "aws:s3Hook", connection: connection(call), method, args },
      imports: ["node/fs:createReadStream"],
    },
    call.carry,
  );
}
