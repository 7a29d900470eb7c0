/** HttpOperator and HttpSensor. */
import { type Code, code, jsonLiteral, NotCarried, objectOf, quoted } from "../code.ts";
import { textOf, type Value } from "../evaluate/value.ts";
import { jsonField, textsField } from "../templates/field.ts";
import { type Declaration, taskWith } from "./declaration.ts";
import type { OperatorCall } from "./operator_call.ts";
import { sensorOptions } from "./sensor_options.ts";

export function httpOperator(call: OperatorCall): Declaration {
  call.ignore("log_response", "deferrable");
  refuseFunctions(call, "response_check", "response_filter");
  const method = call.text("method") ?? "POST";
  const data = call.value("data");
  const isGet = method.toUpperCase() === "GET";
  const options = objectOf({
    ...place(call, method),
    query: isGet && data ? textsField(data, call.carry) : undefined,
    json: !isGet && data ? jsonData(data, call) : undefined,
    headers: call.textsField("headers"),
  });
  return taskWith(code(`httpRequest(${options.text})`, "http:httpRequest"));
}

export function httpSensor(call: OperatorCall): Declaration {
  refuseFunctions(call, "response_check");
  const method = call.text("method") ?? "GET";
  const options = objectOf({
    ...place(call, method),
    query: call.textsField("request_params"),
    headers: call.textsField("headers"),
  });
  const body = code(`httpSensor(${options.text})`, "http:httpSensor");
  return { builder: "sensor", options: sensorOptions(call), body };
}

function place(call: OperatorCall, method: string): Readonly<Record<string, Code | undefined>> {
  return {
    http: call.textField("http_conn_id") ?? code(quoted("http_default")),
    method: method.toUpperCase() === "GET" ? undefined : code(quoted(method.toUpperCase())),
    path: call.textField("endpoint") ?? code(quoted("/")),
  };
}

function refuseFunctions(call: OperatorCall, ...names: readonly string[]): void {
  const given = names.find((name) => call.value(name) !== undefined);
  if (given !== undefined) throw new NotCarried(`${given} is a Python function`);
}

/** A body that is JSON: `json.dumps(…)`, or a text that holds JSON. */
function jsonData(data: Value, { carry }: OperatorCall): Code {
  const [first] = data.kind === "call" && data.path === "json.dumps" ? data.args : [];
  if (first) return jsonField(first, carry);
  try {
    return code(jsonLiteral(JSON.parse(textOf(data) ?? "")));
  } catch {
    throw new NotCarried("the body of the request is not JSON");
  }
}
