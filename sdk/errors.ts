/**
 * Every error that dagsmith raises on purpose: one table of codes with their messages. A
 * code never changes its meaning. A message names what was found, where, what is allowed
 * and what to do. A `{name}` in a message is a parameter.
 */
const messages = {
  // A DAG file
  INVALID_ID:
    'The {kind} id {id} is not allowed: use 1 to 200 letters, digits, "_", "-" or ".", and none of the reserved ids {reserved}.',
  DUPLICATE_TASK_ID: 'DAG "{dag}" has two tasks with the id "{task}". Give one of them another id.',
  DUPLICATE_DAG_ID:
    'The DAG id "{dag}" is used twice: {first} and {second}. Give one of them another id.',
  UNKNOWN_OPTION: 'Unknown {kind} option "{option}" at {where}. Allowed: {allowed}.',
  INVALID_OPTION: "{where}: {option} is {found}; allowed: {allowed}.",
  FOREIGN_TASK:
    'Task "{task}" belongs to DAG "{owner}" and cannot be used in DAG "{dag}". Tasks are wired within one DAG.',
  SELF_DEPENDENCY: 'Task "{task}" of DAG "{dag}" depends on itself.',
  CYCLE:
    'DAG "{dag}" has a cycle: {path}. Remove one of these edges. A group that is mapped, looped, retried or timed counts as one task: no task outside it can come between its tasks.',
  DUPLICATE_GROUP_ID:
    'DAG "{dag}" has two groups, or a group and a task, with the id "{group}". Give one of them another id.',
  OUTER_BUILDER:
    '"{id}" of DAG "{dag}" is declared with the builder of {builder} while the function of group "{group}" runs. Inside that function, use the builder that it gets: d.group("{group}", (g) => g.task(…)).',
  GROUP_CLOSED:
    '"{id}" of DAG "{dag}" is declared with the builder of group "{group}", whose function has returned. Declare it inside that function, or with the builder of the DAG.',
  EMPTY_GROUP: 'Group "{group}" of DAG "{dag}" has no task. Declare one in its function.',
  NESTED_MAPPING:
    '"{task}" of DAG "{dag}" is a list or a loop inside the mapped group "{group}", whose tasks run once for each of its elements. Map it outside the group, or map the group over a cross() of both lists.',
  FAIL_FAST_RULE:
    'Task "{task}" of DAG "{dag}" has the trigger rule {rule}. A DAG with failFast ends at its first failure, so its tasks have the rule all_success (teardowns their own).',
  SETUP_RULE:
    'Task "{task}" of DAG "{dag}" has the trigger rule {rule} and comes directly after the setup "{setup}". A task directly after a setup needs it to succeed: give the task the rule all_success, or put a task between.',
  CHAIN_LENGTHS:
    "chain() wires two lists side by side in pairs, and these have {from} and {to} members. Give both lists the same length, or wire all to all with crossDownstream().",
  EMPTY_DAG: 'DAG "{dag}" has no task. Add one with .task() or .empty().',
  NOT_A_DAG:
    "{file}: the default export is {found}; a DAG file exports one DAG, or a list of DAGs, as its default.",
  INVALID_DURATION:
    'The duration {found} is not understood. Write a number and a unit, such as "500ms", "30s", "5m", "1h30m", "1d", "2w", or ISO 8601 such as "PT5M".',
  INVALID_SCHEDULE:
    "The schedule {found} is not understood: {reason}. Allowed: a cron expression of 5 or 6 fields, @hourly, @daily, @weekly, @monthly, @quarterly, @yearly, @midnight, @annually, @once, @continuous, cron(), cronTrigger(), deltaTrigger(), every(), atInstants(), partitioned(), asset(), allOf(), anyOf(), timeOrAssets(), or null.",
  INVALID_PARTITION_KEY: "The partition key {found} cannot be mapped: {reason}.",
  SCHEDULE_TOO_SLOW:
    "The schedule took {seconds} s of processor time to find its next run. Write a simpler one.",
  SCHEDULE_STANDS_STILL:
    "The schedule repeats itself: the run after {at} is that run again. Write another schedule.",
  SIMULATION_TOO_LARGE:
    "The simulation has more than {most} decisions. Ask for a shorter time or fewer DAGs.",
  // Events that start runs
  WEBHOOK_REFUSED:
    "There is no such webhook, or the call does not prove that it knows the secret. Send X-Hub-Signature-256 or Authorization: Bearer.",
  INVALID_WEBHOOK_BODY: "The body of webhook {hook} is refused: {problems}",
  WEBHOOK_KEY_REUSED:
    "Webhook {hook} was called with this idempotency key before, with another body; that call made run {run}. Send another key.",
  EVENT_TABLE_MISSING:
    'Connection "{connection}" has no table {table}, or its login may not see it.',
  EVENT_TABLE_WITHOUT_KEY:
    "Table {table} has no key, so a change cannot name its row. Add a primary key, or a unique index over columns that are not null.",
  EVENT_DATABASE_FAILED:
    'The database of connection "{connection}" refused or cannot be reached: {reason}.',
  NO_EVENT_TABLES:
    'DAG "{dag}" has no table as an event source. Name one in its option `on`, with postgresChanges.',
  // Assets
  INVALID_ASSET: "The asset {found} is not allowed: {reason}.",
  NOT_AN_OUTLET:
    'Task "{task}" updates {asset}, which is not among its outlets. Add it: outlets: [asset("{asset}")], or update it under an alias.',
  NOT_AN_INLET:
    'Task "{task}" reads the events of {asset}, which is not among its inlets. Add it: inlets: [asset("{asset}")].',
  UNKNOWN_ASSET: "No deployed DAG names the asset {asset}. List them with: dag assets list",
  INVALID_TIMEZONE:
    'The timezone "{found}" is not known. Use an IANA name such as "Europe/Berlin" or "UTC".',
  INVALID_DATE:
    "The date {found} at {where} is not understood. Write ISO 8601, such as 2026-01-31 or 2026-01-31T04:00:00Z.",
  IMPORT_FAILED: "{file}: importing the file failed: {reason}",
  IMPORT_TIMEOUT:
    "{file}: importing the file took longer than {seconds} s. A DAG file only declares tasks; move slow work into a task body.",
  IMPORT_MEMORY:
    "{file}: importing the file needed more than {megabytes} MB of memory. A DAG file only declares tasks; move heavy work into a task body.",
  IMPORT_EXITED:
    "{file}: the file ended the process ({how}) while it was imported. A DAG file must not exit.",
  NOT_PYTHON: "{file}:{line}: this line is not Python. Give a file that Python accepts.",
  NO_AIRFLOW_DAG:
    "{file}: the file defines no Airflow DAG. A DAG is made with DAG(…), or by calling a function with @dag.",
  IMPORT_UNSETTLED:
    "{file}: a top-level await waits for something that can never happen. Move the work into a task body.",
  INVALID_IMPORT_MESSAGE:
    "{file}: while the file was imported, its process sent a message that dagsmith does not understand: {problem}. A DAG file must not write to file descriptor 3, nor replace what JavaScript itself provides.",
  UNSTORABLE_TEXT:
    "{file}: the text at {path} contains a NUL or half of a surrogate pair, which PostgreSQL cannot read back. Remove that character.",
  BUNDLE_FAILED: "{file}:{line}: {reason}",
  FOLDER_NOT_BUNDLED:
    'The folder "{path}" is not part of the version. Import folder from "dagsmith" and call it with a literal: folder("./dbt").',
  FOLDER_NOT_FOUND: 'The folder "{path}" that {file} declares does not exist.',
  FOLDER_MISSING: "A folder of this version ({hash}) is not in the database. Deploy the DAG again.",
  FOLDER_CORRUPT:
    "A folder of this version ({hash}) is damaged in the database. Change a file in it, and deploy the DAG again.",

  // Values
  OUTPUT_NOT_JSON:
    "The value at {path} is {found}, which JSON cannot carry. Return strings, finite numbers, booleans, null, lists and plain objects (write dates as ISO strings, bigints as strings).",
  OUTPUT_TOO_LARGE:
    "The output is {bytes} bytes of JSON, over the limit of {limit}. Store large data (S3, a table) and return its address.",
  XCOM_FILE_MISSING:
    'A value of task "{task}" is in the file {file} of DAG_XCOM_FOLDER, which {reason}. Workers on several machines need one folder that they share. If the file is gone, clear the task to make the value again.',
  XCOM_FILE_CORRUPT:
    'A value of task "{task}" is in the file {file}, which has changed since it was written. Clear the task to make the value again.',
  XCOM_FILE_UNREADABLE:
    'A value of task "{task}" is in the file {file} of DAG_XCOM_FOLDER ({folder}), which cannot be read now: {reason}. The value is not lost: let this machine read the folder, and try again.',
  XCOM_FILE_UNWRITABLE:
    "A value of {bytes} bytes cannot be written into DAG_XCOM_FOLDER ({folder}): {reason}.",
  FILES_NOT_SET:
    "There is no store for files. Set DAG_XCOM_FOLDER of the workers to a folder that all of them share, or to a bucket.",
  FILE_TOO_LARGE:
    'The file "{name}" is over the limit of {limit} bytes for {what}. Store less, or raise {setting}.',
  FILE_UNWRITABLE: 'The file "{name}" cannot be written into DAG_XCOM_FOLDER ({folder}): {reason}.',
  FILE_UNREADABLE:
    'The file "{name}" cannot be read from DAG_XCOM_FOLDER ({folder}) now: {reason}. The file is not lost: let this machine read the folder, and try again.',
  FILE_GONE: 'The file "{name}" is gone: {reason}. Clear the task that stored it to make it again.',
  FILE_CORRUPT:
    'The file "{name}" is not what the task stored: {read} of {size} bytes came, or their hash differs. Clear that task to make it again.',
  INVALID_FILE: 'The file "{name}" does not have the expected content: {problems}.',
  UNKNOWN_BRANCH:
    'Task "{task}" chose {found}, which does not come after it. It may choose: {allowed}.',
  NOT_A_LIST:
    'Task "{task}" is mapped over the output of "{source}", which is {found}; it must be {allowed}. Of a record take entries({source}), of one field pick({source}, field).',
  LIST_IN_A_FILE:
    'The output of "{source}" was too large for the database and is in a file, so "{task}" cannot be mapped over it. Clear "{source}" as well: then its list is kept in the database.',
  TOO_MANY_ITEMS:
    'Task "{task}" is mapped over {count} items, over its limit of {limit}. Raise its maxItems, or give it larger items.',
  INVALID_TASK_MESSAGE:
    "The process of the task sent a message that dagsmith does not understand: {problem}. A task must not write to file descriptor 3, nor replace what JavaScript itself provides.",
  TRY_ENDED:
    'Task "{task}" asked for {method} after its try had ended. Await it in the body, and stop timers there.',
  VALUE_REFUSED:
    "The database refuses a value that the task left: {reason}. Return a smaller or a simpler value.",
  LOOP_LIMIT:
    'Loop "{task}" was not done after {limit} iterations. Raise its maxIterations, or check why its until does not return true.',
  INVALID_STATE:
    'The state "{key}" of {scope} does not fit its schema: {problems}. Delete it with `dag state delete`, or read it with a schema that fits.',
  INVALID_SQL_TEMPLATE: "The SQL template cannot be rendered: {reason}.",
  SCHEDULE_PARAMS:
    'Runs of DAG "{dag}" that are started by {source} have no valid params: {problems}. Give each field of the schema a default, or name the schedule and give it params.',
  SCHEMA_TOO_SLOW:
    "The schema took longer than {seconds} s to check the value. Simplify its regular expressions: a repeated group should not repeat inside.",
  SCHEMA_UNUSABLE: "The schema cannot be used: {reason}.",
  INVALID_PARAMS: 'Wrong params for DAG "{dag}": {problems}',

  CALL_CIRCLE:
    'DAG "{dag}" would call itself, through {path}. Its runs would never end. Remove one of these calls.',
  CALL_TOO_DEEP:
    'The call of DAG "{dag}" comes after {depth} calls, each made by the run of the call before: {path}. At most {most} are allowed.',
  DAG_PAUSED: 'DAG "{dag}" is paused, so it cannot be called. Unpause it with: dag unpause {dag}',
  CALLED_RUN_FAILED: 'Run {run} of DAG "{dag}", which this task called, failed: {reason}',
  CALL_RESULT_MISSING:
    'Run {run} of DAG "{dag}" has no output "{name}": task "{task}" is {state}. A DAG returns the outputs of tasks that always succeed.',
  CALL_RESULT_IN_A_FILE:
    'Output "{name}" of run {run} of DAG "{dag}" is too large for the database. Return a name under which the data lies, or a summary.',
  INVALID_ANSWER: 'The answer to question "{task}" of DAG "{dag}" is refused: {problems}.',
  NOT_A_QUESTION:
    'Task "{task}" of DAG "{dag}" asks no question. Its questions: {questions}. List open questions with: dag questions',
  QUESTION_ANSWERED:
    'Question "{task}" of run {run} was answered already, by {user} at {at}. The first answer counts; clear the task to ask again.',
  QUESTION_CLOSED:
    'Question "{task}" of run {run} takes no answer: it is {state}. Clear the task to ask again.',
  NOT_ASKED: 'Question "{task}" of run {run} may be answered by {who}, and you are {user}.',
  NO_ANSWER:
    'Question "{task}" ("{subject}") has no answer. Give it: dag test --answer {task}=\'…\', or `answers` of runDag. {allowed}',
  STEP_NAME_USED:
    'The task runs two steps with the name "{step}". Give each step a name of its own, for example with the item in it.',
  STATE_NOT_FOUND:
    'There is no state "{key}" in {scope}. List what there is with: dag state list {scope}',

  // Python
  PYTHON_MISSING:
    "Python {version} cannot make a virtual environment: {reason}. Install it on each worker with its module venv, or name another version.",
  REQUIREMENTS_UNRESOLVED:
    "The requirements {requirements} do not resolve. Correct their names or versions. The installer wrote:\n{reason}",
  REQUIREMENTS_NOT_INSTALLED:
    "The requirements {requirements} cannot be installed now. Check that the worker reaches the package index. The installer wrote:\n{reason}",

  // Connections and variables
  CONNECTION_NOT_FOUND:
    'Connection "{id}" is not set. Set the environment variable {variable} (JSON or URI), or run: dag connections set {id} <uri>',
  CONNECTION_NOT_ALLOWED:
    'DAG "{dag}" may not use connection "{id}"; allowed: {allowed}. Add the connection to the option connections of the DAG.',
  INVALID_CONNECTION:
    'Connection "{id}" cannot be read: {reason}. Write a JSON object with type, host, port, login, password, schema and extra, or a URI such as postgres://user:password@host:5432/database.',
  WRONG_CONNECTION_TYPE: 'Connection "{id}" is of type "{found}"; this hook needs "{expected}".',
  CHANGED_MEANWHILE:
    'The {kind} "{id}" was changed, created or deleted since you read it. Read it again, and make your change again.',
  UNKNOWN_CONNECTION_TYPE:
    'Connection type "{type}" is not known; known: {known}. Name packages with more types in DAG_CONNECTION_TYPES.',
  CONNECTION_REFUSED: "{reason} See the fields with: dag connections types <type>",
  CONNECTION_TYPES_FAILED: "Connection types cannot be loaded: {reason}.",
  VARIABLE_NOT_FOUND:
    'Variable "{key}" is not set. Set the environment variable {variable}, or run: dag variables set {key} <value>',
  INVALID_SECRET_KEY:
    "{source} is refused: {reason}. Allowed: 32 random bytes in base64 (44 characters), or several such keys, the newest first. Make one with: openssl rand -base64 32",
  SECRET_SOURCE_FAILED: 'The secret source "{source}" did not answer for {kind} "{id}": {reason}.',
  SECRET_SOURCE_UNUSABLE: 'The secret source "{source}" cannot be used: {reason}.',
  SECRET_KEY_MISSING:
    "Stored connections are encrypted and need DAG_SECRET_KEY (32 bytes in base64). Set it to the key they were stored with.",
  SECRET_UNREADABLE:
    'Stored {kind} "{id}" cannot be opened with {keys}. Add the key that sealed it behind the first key of DAG_SECRET_KEY, or set the {kind} again.',

  // Limits
  UNKNOWN_POOL: 'There is no pool "{pool}". Make it with: dag pools set {pool} <slots>',
  POOL_TOO_SMALL:
    'The pool "{pool}" is too small: it has {slots}, and one try takes {needed}, so it could never begin. Enlarge it (dag pools set {pool} {needed}), or lower poolSlots.',

  // The command line, the database, the page
  UNKNOWN_DAG: 'There is no DAG "{dag}". {hint}',
  UNKNOWN_RUN: 'There is no run "{run}". List runs with: dag runs',
  UNKNOWN_TASK: '"{task}" is not a task of DAG "{dag}". Its tasks: {tasks}',
  UNKNOWN_INSTANCE: "There is no task instance {instance}.",
  UNKNOWN_VERSION: 'DAG "{dag}" has no version "{version}". List them with: dag versions {dag}',
  UNKNOWN_DEPLOYMENT: 'There is no deployment "{which}". List them with: dag deployments',
  DEPLOYMENT_PRUNED:
    "Deployment {deployment} cannot be restored: retention has deleted {lost} of its versions. Choose a newer one: dag deployments",
  DEPLOYED_MEANWHILE:
    "Deployment {found} came since you saw what would change, so nothing was done. Look at what would change now, and decide again.",
  SERVER_AWAY:
    "The server {server} does not answer: {problem}. Deploy again: what was sent is kept.",
  SERVER_REFUSED: "The server refused: {reason}",
  DEPLOY_TOKEN_NOT_SET:
    "There is no token for {server}. Set DAG_DEPLOY_TOKEN to an API token with the scope dag.deploy.",
  INVALID_DEPLOYMENT: "The deployment is refused: {problem}.",
  EXTERNAL_ID_REUSED:
    'Deployment {deployment} has the external id "{id}" already, with other contents. Choose another id, or restore it: dag promote --deployment {deployment}',
  RUN_EXISTS: 'DAG "{dag}" already has a run {run}. Choose another logical date.',
  RUN_FINISHED: "Run {run} is already {state}.",
  TASK_NOT_ACTIVE:
    'Task "{task}" of run {run} has not begun, or has ended already: there is nothing to stop.',

  // Backfills, and doing things again
  BACKFILL_NO_SCHEDULE:
    'DAG "{dag}" has no schedule, so there is nothing to backfill. Trigger the runs you want with: dag trigger {dag} --date',
  UNKNOWN_SCHEDULE:
    'A backfill of DAG "{dag}" is of one of its schedules ({schedules}); {found}. Say which, with --schedule or the field "schedule".',
  BACKFILL_ACTIVE:
    'DAG "{dag}" has a backfill already, number {backfill}. Wait for its end, or cancel it with: dag backfill-cancel {backfill}',
  BACKFILL_BACKWARDS:
    'DAG "{dag}" has tasks that depend on the past, so its runs cannot be made backwards.',
  BACKFILL_DEPENDS_ON_PAST:
    'DAG "{dag}" has tasks that depend on the past, so a backfill must run failed runs again: choose reprocess "failed" or "completed".',
  BACKFILL_IN_FUTURE:
    "From {from} to {to}: both are in the future. A backfill runs intervals that have ended.",
  BACKFILL_RANGE: "From {from} to {to}: the range ends before it begins.",
  BACKFILL_EMPTY:
    'The schedule of DAG "{dag}" has no interval that has ended from {from} to {to}. Choose another range.',
  BACKFILL_TOO_LARGE:
    "The range from {from} to {to} has more than {limit} runs. Backfill it in parts.",
  UNKNOWN_BACKFILL: "There is no backfill {backfill}. List them with: dag backfills",
  BACKFILL_ENDED: "Backfill {backfill} is already {state}.",
  NOTHING_TO_CLEAR: "There is nothing to clear: {reason}.",
  CLEAR_RUNNING: "{instances} of run {run} still runs. Cancel the run first, or wait for its end.",
  RUN_RUNNING:
    "Run {run} is running: its version can be changed only when it has ended. Cancel it first, or wait.",
  INVALID_LABEL:
    "The label {found} is not allowed: a key has 1 to 63 letters, digits, _, - or ., a value at most 200 characters.",

  FILE_NOT_FOUND: "{file} does not exist.",
  INVALID_ARGUMENT: "{argument}: {reason}",
  DEV_RUNNING: "`dag dev` already runs in this folder, as process {pid}; its page is {page}.",
  PORT_IN_USE:
    "Something else listens on {host}:{port} already. Choose another port with {setting}.",
  PACKAGE_MISSING: "{what} needs the package {name}. Run: npm install {name}",
  FOLDER_NOT_EMPTY: "{folder} already has {found}. Choose another folder; nothing was written.",
  FILE_HAS_MANY_DAGS: "{file} declares several DAGs: {dags}. Name the one to run.",
  NO_DATABASE:
    "No database answers at {url}: {reason}. Start PostgreSQL, or unset DATABASE_URL to use `dag dev`, which brings its own.",
  DATABASE_NOT_SET:
    "DATABASE_URL is not set. Set it to a PostgreSQL (postgres://user:password@host:5432/database), or use `dag dev`, which brings its own.",
  DATABASE_TOO_OLD:
    "The PostgreSQL at {url} is version {found}; dagsmith needs 14 or later. Upgrade the server, or use another.",
  DATABASE_ENCODING:
    "The database at {url} has the encoding {found}; dagsmith needs UTF8. Create one with: create database dagsmith encoding 'UTF8' template template0",
  DATABASE_FOREIGN_SCHEMA:
    "The database at {url} has a schema named dagsmith that dagsmith did not make (it holds {table}). Use another database.",
  DATABASE_REFUSED:
    "The database refused the statement: {reason}. The user of DATABASE_URL needs the rights that docs/postgres.md lists.",
  DATABASE_CLOSED:
    "The database lets nothing in with DATABASE_URL: {reason}. Check that it exists, that it accepts connections, and the user and the password.",
  SCHEMA_NEWER:
    "The database has schema version {found}; this dagsmith knows versions up to {known}. Upgrade dagsmith on this machine.",
  SCHEMA_OLDER:
    "The database has schema version {found}; this dagsmith needs {known}. Run: dag migrate",
  BUNDLE_MISSING: "The bundle {hash} is not in the database. Deploy the DAG again with: dag deploy",
  BUNDLE_CORRUPT:
    "The bundle {hash} does not match its hash. Deploy the DAG again with: dag deploy",
  DATABASE_AWAY:
    "The database does not answer: {reason}. Nothing is lost; ask again when it is back.",
  WEB_EXPOSED:
    "A page that opens by a link may not listen on {host}, which other machines reach. Listen on 127.0.0.1, or use `dag start`, where users log in.",
  WEAK_WEB_TOKEN:
    "DAG_WEB_TOKEN can be guessed: it needs at least {least} characters, and at least {different} different ones. Make one with: openssl rand -base64 32",
  UNKNOWN_USER: 'There is no user "{user}". List users with: dag users list',
  USER_EXISTS:
    'There is a user "{user}" already. Change the role with: dag users role {user} <role>',
  LAST_ADMIN: '"{user}" is the last admin of all DAGs. Make another user an admin first.',
  UNKNOWN_TOKEN: 'User "{user}" has no token "{token}". List tokens with: dag tokens list',
  TOKEN_EXISTS: 'User "{user}" has a token "{token}" already. Choose another name, or revoke it.',
  LINK_USED:
    "This link was used already, or it has expired. Ask an admin for another: dag users password <name>",
  TASK_USER_REFUSED: 'DAG_TASK_USER "{user}" cannot be used: {reason}.',
  NODE_TOO_OLD: "dagsmith needs Node 22.18 or later; this is {found}.",
} as const;

type Messages = typeof messages;
/**
 * The stable code of a {@link DagsmithError}.
 * @example const missing: ErrorCode = "CONNECTION_NOT_FOUND";
 */
export type ErrorCode = keyof Messages;
type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;
type MessageParams<Code extends ErrorCode> = {
  readonly [Name in Placeholder<Messages[Code]>]: string | number;
};

/**
 * An error with a stable {@link code}. Its message names what was found, where, and what
 * to do.
 * @example
 * throw new DagsmithError("VARIABLE_NOT_FOUND", {
 *   key: "region",
 *   variable: "DAG_VAR_REGION",
 * });
 */
export class DagsmithError<Code extends ErrorCode = ErrorCode> extends Error {
  /** Tells it from other errors. */
  override readonly name = "DagsmithError";
  /** The stable code. */
  readonly code: Code;

  /** @param params the values for the `{name}` parts of the code's message */
  constructor(code: Code, params: MessageParams<Code>, options?: ErrorOptions) {
    const values: Readonly<Record<string, string | number>> = params;
    super(
      messages[code].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name])),
      options,
    );
    this.code = code;
  }
}

/**
 * Whether `error` is a {@link DagsmithError}; with a code, whether it has that code.
 * @example if (isDagsmithError(error, "CONNECTION_NOT_FOUND")) log.warn(error.message);
 */
export function isDagsmithError(error: unknown, code?: ErrorCode): error is DagsmithError {
  return error instanceof DagsmithError && (code === undefined || error.code === code);
}
