/** Opens a connection to a host, which has to show a key that the connection names. */
import { readFile } from "node:fs/promises";
import { FailTask, type HookContext, loadPackage, withCode } from "dagsmith";
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import type { SshConfig } from "./config.ts";
import { isKnown, type KnownKey, keyOf, untrusted } from "./host_key.ts";
import { closedEarly, connectError } from "./ssh_error.ts";

const CONNECT_TIMEOUT_MS = 20_000;
/** A host that is away is noticed after three of these. */
const KEEP_ALIVE_MS = 15_000;

/**
 * @param id of the connection, for messages
 * @throws FailTask for a host that is not trusted, a login that is refused and a key that
 *   cannot be read; Error for a host that cannot be reached
 */
export async function openSsh(
  id: string,
  config: SshConfig,
  { signal }: Pick<HookContext, "signal">,
): Promise<Client> {
  const ssh2 = await loadPackage("sshHook()", "ssh2", () => import("ssh2"));
  const { Client: SshClient, utils } = ssh2.default;
  const privateKey = await privateKeyOf(config, (key, passphrase) => {
    const parsed = utils.parseKey(key, passphrase);
    return parsed instanceof Error ? parsed.message : null;
  });
  return connected(new SshClient(), id, config, { privateKey, signal });
}

/** Tries a connection for `dag connections test`. */
export async function trySsh(id: string, config: SshConfig, context: HookContext): Promise<string> {
  const client = await openSsh(id, config, context);
  client.end();
  return `SSH ${placeOf(config)} takes the login`;
}

export const placeOf = ({ user, host, port }: SshConfig): string => `${user}@${host}:${port}`;

interface Opening {
  readonly privateKey: string | undefined;
  readonly signal: AbortSignal;
}

async function connected(
  client: Client,
  id: string,
  config: SshConfig,
  { privateKey, signal }: Opening,
): Promise<Client> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason);
  let refused: FailTask | undefined;
  const verify = (blob: Buffer): boolean => {
    const known = config.hostKeys;
    if (known === null || isKnown(keyOf(blob), known)) return true;
    const message = untrusted(`${config.host}:${config.port}`, id, blob, known);
    refused = withCode("SSH_HOST_UNTRUSTED", new FailTask(message));
    return false;
  };
  signal.addEventListener("abort", abort, { once: true });
  client.on("error", (error) => reject(refused ?? connectError(placeOf(config), error)));
  // A host that closes in good order, such as a busy one, causes no error of ssh2.
  client.once("close", () => reject(closedEarly(placeOf(config))));
  client.on("ready", resolve);
  try {
    signal.throwIfAborted();
    client.connect(options(config, privateKey, verify));
    await promise;
    return client;
  } catch (error) {
    client.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function options(
  { host, port, user, password, passphrase, hostKeys }: SshConfig,
  privateKey: string | undefined,
  hostVerifier: (key: Buffer) => boolean,
): ConnectConfig {
  return {
    ...{ host, port, username: user, hostVerifier },
    ...{ readyTimeout: CONNECT_TIMEOUT_MS, keepaliveInterval: KEEP_ALIVE_MS },
    ...(password && { password }),
    ...(privateKey && { privateKey }),
    ...(passphrase && { passphrase }),
    ...algorithms(hostKeys ?? []),
  };
}

const BY_KEY: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/** A host has keys of several types: it must show one that the connection knows. */
function algorithms(known: readonly KnownKey[]): Pick<ConnectConfig, "algorithms"> {
  const types = known.flatMap(({ type }) =>
    type === null ? [] : (BY_KEY[type] ?? [type as ServerHostKeyAlgorithm]),
  );
  const areAllKnown = types.length > 0 && known.every(({ type }) => type !== null);
  return areAllKnown ? { algorithms: { serverHostKey: types } } : {};
}

async function privateKeyOf(
  { privateKey, keyFile, passphrase }: SshConfig,
  faultOf: (key: string, passphrase: string | undefined) => string | null,
): Promise<string | undefined> {
  const key = privateKey ?? (keyFile === undefined ? undefined : await readKey(keyFile));
  const fault = key === undefined ? null : faultOf(key, passphrase);
  if (fault === null) return key;
  const message = `The private key of the connection cannot be used: ${fault}`;
  throw withCode("SSH_KEY_UNUSABLE", new FailTask(message));
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw withCode(
      "SSH_KEY_UNUSABLE",
      new FailTask(`The key_file of the connection cannot be read: ${code}`, { cause }),
    );
  }
}
