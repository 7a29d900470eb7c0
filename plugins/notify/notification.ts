/**
 * What a message says when the author of a DAG gives no text: what happened, where, and
 * why.
 */
import { type CallbackContext, errorTitle } from "dagsmith";

/**
 * A message about a task or a run, in parts that a service shows in its own way.
 * @example const { subject, facts } = notification(context);
 */
export interface Notification {
  /** One line, such as `Task load of DAG orders failed`. */
  readonly subject: string;
  /** Names and values, such as `["Try", "3"]`, in the order in which people read them. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** The address on the page; null when it is not known. */
  readonly url: string | null;
  /** Whether people should look at it. */
  readonly isProblem: boolean;
}

/** Long enough to tell what happened; the page has the whole error. */
const LONGEST_FACT = 500;

const WORDS: Readonly<Record<CallbackContext["event"], string>> = {
  onSuccess: "succeeded",
  onFailure: "failed",
  onRetry: "failed and is tried again",
  onSkipped: "was skipped",
  onAsk: "asks",
  deadline: "missed a deadline",
};

/**
 * The notification of a callback.
 * @example onFailure: (context) => send(notificationText(notification(context)))
 */
export function notification(context: CallbackContext): Notification {
  const { dagId, taskId, event, url } = context;
  const what = taskId === null ? `DAG ${dagId}` : `Task ${taskId}${item(context)} of DAG ${dagId}`;
  return {
    subject: `${what} ${WORDS[event]}`,
    facts: factsOf(context).map(([name, value]) => [name, shortened(value)]),
    url,
    isProblem: event === "onFailure" || event === "deadline",
  };
}

/**
 * A notification as plain text: the subject, a line for each fact, the address.
 * @example const text = notificationText(notification(context));
 */
export function notificationText({ subject, facts, url }: Notification): string {
  const lines = facts.map(([name, value]) => `${name}: ${value}`);
  return [subject, ...lines, ...(url === null ? [] : [url])].join("\n");
}

function item({ mapIndex }: CallbackContext): string {
  return mapIndex < 0 ? "" : `[${mapIndex}]`;
}

function factsOf(context: CallbackContext): readonly (readonly [string, string])[] {
  const { runId, logicalDate, taskId, tryNumber, reason, error } = context;
  return [
    ["Run", runId],
    ["Logical date", logicalDate.toISO({ suppressMilliseconds: true })],
    ...(taskId === null ? [] : [["Try", String(tryNumber)] as const]),
    ...(reason === null ? [] : [["Reason", reason] as const]),
    ...(error === null ? [] : [["Error", errorTitle(error)] as const]),
  ];
}

function shortened(value: string): string {
  const characters = [...value];
  return characters.length > LONGEST_FACT
    ? `${characters.slice(0, LONGEST_FACT).join("")}…`
    : value;
}
