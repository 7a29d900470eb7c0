/** Operators and sensors of SQL. Their connections are taken to be of PostgreSQL. */
import { code, combine, NotCarried, objectOf } from "../code.ts";
import { sqlField } from "../templates/sql_text.ts";
import { type Declaration, taskWith } from "./declaration.ts";
import type { OperatorCall } from "./operator_call.ts";
import { sensorOptions } from "./sensor_options.ts";

const CONNECTION = ["conn_id", "postgres_conn_id"];

export function sqlOperator(call: OperatorCall): Declaration {
  call.ignore("autocommit", "split_statements", "show_return_value_in_logs", "return_last");
  if (call.value("parameters", "hook_params", "database", "handler"))
    throw new NotCarried("it has parameters, or a handler in Python");
  const sql = sqlField(call.needed("sql"), call.carry);
  const options = combine(
    [sql],
    ([text]) => objectOf({ postgres: connection(call), sql: code(text ?? "") }).text,
  );
  return taskWith(
    named(
      combine([options], ([text]) => `postgresSql(${text})`),
      "postgresSql",
    ),
  );
}

export function sqlSensor(call: OperatorCall): Declaration {
  if (call.value("parameters", "success", "failure", "hook_params"))
    throw new NotCarried("it has parameters, or a test in Python");
  const sql = sqlField(call.needed("sql"), call.carry);
  if (sql.text.includes("[sql`")) throw new NotCarried("it has several statements");
  const options = combine(
    [sql],
    ([text]) => objectOf({ postgres: connection(call), sql: code(text ?? "") }).text,
  );
  const body = named(
    combine([options], ([text]) => `sqlSensor(${text})`),
    "sqlSensor",
  );
  return { builder: "sensor", options: sensorOptions(call), body };
}

function connection(call: OperatorCall) {
  return call.textField(...CONNECTION) ?? code('"postgres_default"');
}

function named(body: ReturnType<typeof code>, name: string): ReturnType<typeof code> {
  return { ...body, imports: [...body.imports, ...code("", `postgres:${name}`).imports] };
}
