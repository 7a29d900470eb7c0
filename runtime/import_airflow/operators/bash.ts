/** BashOperator. */
import { type Code, NotCarried, objectOf } from "../code.ts";
import { textOf } from "../evaluate/value.ts";
import { literal } from "../options/literal.ts";
import { textField } from "../templates/field.ts";
import { shellBody } from "../templates/shell_script.ts";
import { type Declaration, taskWith } from "./declaration.ts";
import type { OperatorCall } from "./operator_call.ts";

export function bashOperator(call: OperatorCall): Declaration {
  const script = call.needed("bash_command");
  if (/\.(sh|bash)$/.test(textOf(script) ?? ""))
    throw new NotCarried("the script is in a file: import the file as text");
  call.ignore("append_env", "output_encoding");
  const skip = call.value("skip_on_exit_code", "skip_exit_code");
  const skipOn = skip && literal(skip.kind === "list" ? skip : { kind: "list", items: [skip] });
  const options = objectOf({
    env: environment(call),
    cwd: call.textField("cwd"),
    skipOn: skipOn && skipOn.text !== "[99]" && skipOn.text !== "[null]" ? skipOn : undefined,
  });
  return taskWith(shellBody(script, options.text === "{}" ? null : options, call.carry));
}

function environment(call: OperatorCall): Code | undefined {
  const env = call.value("env");
  if (env === undefined || (env.kind === "plain" && env.value === null)) return undefined;
  if (env.kind !== "dict") throw new NotCarried("only Python knows the environment of the script");
  const fields = [...env.entries].map(([name, value]) => [name, textField(value, call.carry)]);
  return objectOf(Object.fromEntries(fields));
}
