/**
 * Posts a message to a chat service. Its address may be a secret, so no error repeats it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { FailTask, type HookContext, withCode } from "dagsmith";

/** How one service answers. */
export interface MessageService {
  /** The name of the service, as errors show it. */
  readonly name: string;
  /** Headers besides the content type. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Seconds to wait after an answer of 429. Default: what the header Retry-After says.
   */
  readonly waitSeconds?: (response: Response) => Promise<number>;
  /** The reason in a refusal. Default: its text. */
  readonly reasonOf?: (response: Response) => Promise<string>;
}

const RETRIES = 3;
const REQUEST_TIMEOUT_MS = 30_000;
/** A longer wait is left to the retries of the task. */
const LONGEST_WAIT_SECONDS = 60;
const LONGEST_REASON = 200;

/**
 * Posts a JSON body. A rate limit is waited out up to 3 times, up to 60 seconds each. A
 * redirect is refused, because it would take the message elsewhere.
 * @returns the answer, whose body is not read
 * @throws FailTask when the service refuses the message (4xx); Error when it fails or
 *   cannot be reached
 * @example await postMessage(url, { text: "done" }, { name: "Mattermost" }, context);
 */
export async function postMessage(
  url: URL,
  body: unknown,
  service: MessageService,
  context: HookContext,
): Promise<Response> {
  for (let attempt = 0; ; attempt += 1) {
    const response = await post(url, body, service, context);
    if (response.ok) return response;
    const seconds = response.status === 429 ? await waitOf(response, service) : undefined;
    if (seconds === undefined || attempt >= RETRIES || seconds > LONGEST_WAIT_SECONDS)
      throw await refusal(response, service);
    context.log.warn(
      `${service.name} rate limit: waiting ${seconds} s (${attempt + 1} of ${RETRIES})`,
    );
    await sleep(seconds * 1_000, undefined, { signal: context.signal });
  }
}

async function post(
  url: URL,
  body: unknown,
  { name, headers = {} }: MessageService,
  { signal }: HookContext,
): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", ...headers },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
  } catch (error) {
    signal.throwIfAborted();
    // Without a cause: errors of fetch can hold the URL, which is the secret.
    throw withCode(
      "MESSAGE_SERVICE_AWAY",
      new Error(`${name} could not be reached: ${unreachable(error)}`),
    );
  }
}

async function waitOf(response: Response, { waitSeconds }: MessageService): Promise<number> {
  const seconds = waitSeconds
    ? await waitSeconds(response.clone())
    : Number(response.headers.get("retry-after") ?? 1);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : 1;
}

async function refusal(response: Response, { name, reasonOf }: MessageService): Promise<Error> {
  const reason = await (reasonOf ? reasonOf(response) : response.text()).catch(() => "");
  const text = reason.trim().slice(0, LONGEST_REASON);
  const message = `${name} answered ${response.status}${text === "" ? "" : `: ${text}`}`;
  return response.status < 500 && response.status !== 429
    ? withCode("MESSAGE_REFUSED", new FailTask(message))
    : withCode("MESSAGE_NOT_TAKEN", new Error(message));
}

function unreachable(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "TimeoutError") return `no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`;
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : error.name;
}
