/**
 * A Redshift Data API endpoint for tests: the AWS SDK speaks to it over HTTP, a
 * PostgreSQL does the work. It knows the limits of the real one that plugins must
 * respect: no empty parameters, no unused ones, one transaction for a batch, and no
 * widening of a column within it.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, type QueryResult } from "pg";
import { runCopy } from "./redshift_copy.ts";

export interface RedshiftDataApi {
  readonly url: string;
  /** What was asked, in order: the operation and its input. */
  readonly requests: readonly { readonly operation: string; readonly input: Input }[];
  close(): Promise<void>;
}

interface Input {
  readonly Id?: string;
  readonly Sql?: string;
  readonly Sqls?: readonly string[];
  readonly Parameters?: readonly { readonly name: string; readonly value: string }[];
  readonly NextToken?: string;
  readonly [field: string]: unknown;
}

interface Statement {
  readonly id: string;
  status: "SUBMITTED" | "STARTED" | "FINISHED" | "FAILED" | "ABORTED";
  error?: string;
  readonly results: QueryResult[];
  readonly texts: readonly string[];
  readonly done: Promise<void>;
  pid?: number;
}

class Refusal extends Error {
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Rows in one page of a result. */
const PAGE = 100;

/** @param s3Url where COPY finds its objects */
export async function startRedshiftDataApi(
  databaseUrl: string,
  s3Url: string,
): Promise<RedshiftDataApi> {
  const statements = new Map<string, Statement>();
  const requests: { operation: string; input: Input }[] = [];
  const start = (texts: readonly string[], input: Input): Statement => {
    const statement = startStatement(databaseUrl, s3Url, texts, input);
    statements.set(statement.id, statement);
    return statement;
  };
  const find = (input: Input): Statement => {
    const statement = statements.get(input.Id ?? "");
    if (!statement) throw new Refusal("ResourceNotFoundException", "Query does not exist.");
    return statement;
  };
  const operations: Readonly<Record<string, (input: Input) => object | Promise<object>>> = {
    ExecuteStatement: (input) => ({ Id: start([input.Sql ?? ""], input).id }),
    BatchExecuteStatement: (input) => ({ Id: start(input.Sqls ?? [], input).id }),
    DescribeStatement: (input) => described(find(input)),
    GetStatementResult: (input) => resultPage(find(input), Number(input.NextToken ?? 0)),
    CancelStatement: (input) => cancel(databaseUrl, find(input)),
  };
  const server = createServer((incoming, outgoing) => {
    answer(operations, requests, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      await Promise.all([...statements.values()].map(({ done }) => done));
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(
  operations: Readonly<Record<string, (input: Input) => object | Promise<object>>>,
  requests: { operation: string; input: Input }[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const operation = String(incoming.headers["x-amz-target"]).replace("RedshiftData.", "");
  const input = JSON.parse(Buffer.concat(chunks).toString() || "{}") as Input;
  requests.push({ operation, input });
  const [status, body] = await Promise.resolve()
    .then(
      () =>
        operations[operation]?.(input) ??
        Promise.reject(new Refusal("ValidationException", `unknown ${operation}`)),
    )
    .then((output): [number, object] => [200, output])
    .catch((error: unknown): [number, object] => {
      const kind = error instanceof Refusal ? error.kind : "InternalServerException";
      return [
        error instanceof Refusal ? 400 : 500,
        { __type: kind, Message: String((error as Error).message) },
      ];
    });
  outgoing
    .writeHead(status, { "content-type": "application/x-amz-json-1.1" })
    .end(JSON.stringify(body));
}

function startStatement(
  databaseUrl: string,
  s3Url: string,
  texts: readonly string[],
  input: Input,
): Statement {
  refuseBadInput(texts, input);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const statement: Statement = { id: randomUUID(), status: "SUBMITTED", results: [], texts, done };
  // A rejection of run() is unhandled, and fails the test run.
  void run(databaseUrl, s3Url, statement, input).finally(resolve);
  return statement;
}

function refuseBadInput(texts: readonly string[], { Parameters = [], ...target }: Input): void {
  const refuse = (message: string): never => {
    throw new Refusal("ValidationException", message);
  };
  if (!target.Database || (!target.ClusterIdentifier && !target.WorkgroupName))
    refuse("Database and cluster or workgroup are required");
  if (texts.length === 0 || texts.length > 40) refuse("1 to 40 statements");
  for (const { name, value } of Parameters) {
    if (typeof value !== "string" || value === "")
      refuse(`The value of parameter ${name} must have a length of 1 or more`);
    if (!texts.some((text) => new RegExp(`:${name}\\b`).test(text)))
      refuse("Parameters list contains unused parameters");
  }
}

async function run(
  databaseUrl: string,
  s3Url: string,
  statement: Statement,
  { Parameters = [], Sqls }: Input,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, application_name: "redshift" });
  client.on("error", () => {});
  try {
    await client.connect();
    statement.pid = (client as Client & { processID: number }).processID;
    statement.status = "STARTED";
    if (Sqls) await client.query("begin");
    for (const text of statement.texts)
      statement.results.push(await runOne(client, s3Url, text, Parameters, Sqls !== undefined));
    if (Sqls) await client.query("commit");
    statement.status = "FINISHED";
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    statement.status = code === "57014" ? "ABORTED" : "FAILED";
    statement.error = `ERROR: ${message}`;
  } finally {
    await client.end();
  }
}

async function runOne(
  client: Client,
  s3Url: string,
  text: string,
  parameters: NonNullable<Input["Parameters"]>,
  inBatch: boolean,
): Promise<QueryResult> {
  if (/^\s*copy\s/i.test(text)) return runCopy(client, s3Url, text);
  if (inBatch && /alter column .* type/i.test(text))
    throw new Error("ALTER TABLE ALTER COLUMN cannot run inside a transaction block");
  if (/add column .*, *add column/is.test(text))
    throw new Error("syntax error at or near ADD: one column at a time");
  const values: string[] = [];
  const bound = text.replace(/(?<!:):(\w+)\b/g, (whole, name: string) => {
    const parameter = parameters.find((parameter) => parameter.name === name);
    return parameter ? `$${values.push(parameter.value)}` : whole;
  });
  return client.query(asPostgres(bound), values);
}

/** Without the words that only Redshift knows. */
function asPostgres(text: string): string {
  return text
    .replace(/\b(distkey|(compound |interleaved )?sortkey)\s*\([^)]*\)/gi, "")
    .replace(/\bdiststyle \w+/gi, "");
}

function described({ id, status, error, results, texts }: Statement): object {
  const subStatements = texts.map((text, index) => ({
    Id: `${id}:${index + 1}`,
    QueryString: text,
    Status:
      index < results.length
        ? "FINISHED"
        : status === "FAILED" && index === results.length
          ? "FAILED"
          : "ABORTED",
    ResultRows: results[index]?.rowCount ?? -1,
    HasResultSet: (results[index]?.fields.length ?? 0) > 0,
  }));
  const single = texts.length === 1 ? subStatements[0] : undefined;
  return {
    Id: id,
    Status: status,
    ...(error && { Error: error }),
    QueryString: texts[0],
    ...(single
      ? { ResultRows: single.ResultRows, HasResultSet: single.HasResultSet }
      : { HasResultSet: false }),
    // The real API lists them for batches only, whatever their length.
    SubStatements: subStatements,
  };
}

function resultPage({ results }: Statement, offset: number): object {
  const [result] = results;
  if (!result) throw new Refusal("ResourceNotFoundException", "Query does not have result.");
  const page = result.rows.slice(offset, offset + PAGE) as Readonly<Record<string, unknown>>[];
  return {
    Records: page.map((row) => result.fields.map(({ name }) => fieldOf(row[name]))),
    ColumnMetadata: result.fields.map(({ name }) => ({ name, label: name })),
    TotalNumRows: result.rows.length,
    ...(offset + PAGE < result.rows.length && { NextToken: String(offset + PAGE) }),
  };
}

function fieldOf(value: unknown): object {
  if (value === null || value === undefined) return { isNull: true };
  if (typeof value === "number")
    return Number.isInteger(value) ? { longValue: value } : { doubleValue: value };
  if (typeof value === "boolean") return { booleanValue: value };
  return { stringValue: value instanceof Date ? value.toISOString() : String(value) };
}

async function cancel(databaseUrl: string, statement: Statement): Promise<object> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("select pg_cancel_backend($1)", [statement.pid]);
  await client.end();
  return { Status: true };
}
