/** Images: found on the engine, or pulled from a registry. */
import { type Connection, FailTask, withCode } from "dagsmith";
import type { ImageInspectInfo } from "dockerode";
import { loginOf } from "./connection.ts";
import { abortable, type Engine, engineError, isMissing, reasonOf } from "./engine.ts";
import type { DockerOptions } from "./options.ts";

/** How an image is found. */
export interface ImageSource {
  readonly name: string;
  readonly policy: NonNullable<DockerOptions["pullPolicy"]>;
  /** Null without a login. */
  readonly registry: Connection | null;
}

/** As registries define it: `host:port/path:tag@digest`. */
const NAME =
  /^[a-z0-9][\w.-]*(:\d+)?(\/[a-z0-9][\w.-]*)*(:\w[\w.-]*)?(@[a-z0-9]+:[0-9a-f]{32,})?$/i;

/** The name is part of addresses, where another text could lead elsewhere. */
function refuseBadName(name: string): void {
  if (typeof name === "string" && NAME.test(name)) return;
  throw withCode(
    "INVALID_IMAGE",
    new FailTask(
      `${JSON.stringify(name)} is not the name of an image. Write it as registries do, such as "ghcr.io/acme/loader:3".`,
    ),
  );
}

/**
 * The image, pulled where the policy says so.
 * @throws FailTask when it does not exist or the registry refuses it; Error when the
 *   registry does not answer; DagsmithError WRONG_CONNECTION_TYPE
 */
export async function provideImage(
  engine: Engine,
  source: ImageSource,
  signal: AbortSignal,
): Promise<ImageInspectInfo> {
  refuseBadName(source.name);
  const found = source.policy === "always" ? null : await inspect(engine, source.name);
  if (found !== null) return found;
  if (source.policy === "never")
    throw withCode(
      "IMAGE_NOT_FOUND",
      new FailTask(
        `The image ${source.name} is not on the engine, and pullPolicy "never" forbids to pull it. Build or load it there.`,
      ),
    );
  await pull(engine, source, signal);
  const pulled = await inspect(engine, source.name);
  if (pulled !== null) return pulled;
  throw withCode(
    "IMAGE_NOT_FOUND",
    new Error(`The image ${source.name} was pulled, and then removed from the engine.`),
  );
}

async function inspect(engine: Engine, name: string): Promise<ImageInspectInfo | null> {
  return engine.client
    .getImage(name)
    .inspect()
    .catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw engineError(engine, `Looking for the image ${name}`, error);
    });
}

/** The engine also answers 200 when it cannot pull: the error is among the messages. */
async function pull(engine: Engine, source: ImageSource, signal: AbortSignal): Promise<void> {
  const { client } = engine;
  const login = source.registry === null ? {} : { authconfig: loginOf(source.registry) };
  try {
    const stream = await abortable(client.pull(source.name, login), signal);
    const messages = await abortable(progressOf(engine, stream), signal);
    const failed = messages.find(({ error }) => error !== undefined);
    if (failed?.error !== undefined) throw new Error(failed.error);
  } catch (error) {
    signal.throwIfAborted();
    throw pullError(source, reasonOf(error));
  }
}

function progressOf(
  { client }: Engine,
  stream: NodeJS.ReadableStream,
): Promise<readonly { readonly error?: string }[]> {
  return new Promise((resolve, reject) => {
    client.modem.followProgress(stream, (error, messages) =>
      error ? reject(error) : resolve(messages),
    );
  });
}

const REFUSED = /unauthorized|denied|authentication required|invalid username|forbidden/i;
const ABSENT = /manifest unknown|name unknown|not found|not exist/i;

function pullError({ name, registry }: ImageSource, reason: string): Error {
  const message = `The image ${name} cannot be pulled: ${reason}.`;
  if (REFUSED.test(reason))
    return withCode(
      "IMAGE_REFUSED",
      new FailTask(
        registry === null
          ? `${message} Check its name, or name a connection with a login in the option registry.`
          : `${message} Check the login of connection "${registry.id}", and what it may read.`,
      ),
    );
  if (ABSENT.test(reason))
    return withCode("IMAGE_NOT_FOUND", new FailTask(`${message} Check its name and its tag.`));
  const away = new Error(`${message} Check that the engine reaches the registry.`);
  return withCode("IMAGE_NOT_PULLED", away);
}
