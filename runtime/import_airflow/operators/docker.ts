/** DockerOperator. */
import { type Code, code, NotCarried, objectOf } from "../code.ts";
import { plain } from "../evaluate/value.ts";
import { textField, textsField } from "../templates/field.ts";
import { type Declaration, taskWith } from "./declaration.ts";
import type { OperatorCall } from "./operator_call.ts";

export function dockerOperator(call: OperatorCall): Declaration {
  call.ignore("auto_remove", "docker_url", "api_version", "container_name", "tty", "mount_tmp_dir");
  if (call.value("mounts", "volumes", "cpus", "mem_limit", "entrypoint", "user", "working_dir"))
    throw new NotCarried("it has mounts, limits or an entrypoint");
  call.needed("image");
  const options = objectOf({
    image: call.textField("image"),
    command: command(call),
    env: environment(call),
    network: call.textField("network_mode"),
    registry: call.textField("docker_conn_id"),
  });
  return taskWith(code(`docker(${options.text})`, "docker:docker"));
}

/** Docker splits a text into words; a shell does the same, with the same quotes. */
function command(call: OperatorCall): Code | undefined {
  const value = call.value("command");
  if (value === undefined) return undefined;
  if (value.kind === "list") return textsField(value, call.carry);
  const words = ["sh", "-c"].map(plain);
  return textsField({ kind: "list", items: [...words, value] }, call.carry);
}

function environment(call: OperatorCall): Code | undefined {
  const env = call.value("environment");
  if (env === undefined) return undefined;
  if (env.kind !== "dict") throw new NotCarried("only Python knows the environment");
  const fields = [...env.entries].map(([name, value]) => [name, textField(value, call.carry)]);
  return objectOf(Object.fromEntries(fields));
}
