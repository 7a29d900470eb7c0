/**
 * The certificate of the page. Its files are read again while the page is up: a renewed
 * certificate is used for new connections, and those that are open go on.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Server } from "node:https";
import { createSecureContext } from "node:tls";
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { ServiceLog } from "../../service/log.ts";
import { Loop } from "../../service/loop.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, then those of its issuers. */
  readonly certificate: string;
  readonly key: string;
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the files.
 * @throws DagsmithError INVALID_ARGUMENT when one cannot be read, or they do not fit
 */
export async function readTls({ certificate, key }: TlsFiles): Promise<Pair> {
  const pair = {
    cert: await readSetting("DAG_TLS_CERTIFICATE", certificate),
    key: await readSetting("DAG_TLS_KEY", key),
  };
  try {
    createSecureContext(pair);
    return pair;
  } catch (error) {
    const reason = `certificate and key do not fit, or are not PEM (${errorMessage(error)})`;
    throw new DagsmithError("INVALID_ARGUMENT", { argument: "DAG_TLS_CERTIFICATE", reason });
  }
}

async function readSetting(argument: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const reason = `the file cannot be read (${errorMessage(error)})`;
    throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
  }
}

/** How soon a renewed certificate is used. */
const RENEW_EVERY_MS = 10_000;

/**
 * Uses a certificate that is renewed in its files. Files that do not fit leave the page
 * with the certificate that it has: they may be about to be written.
 * @param first what the server was created with
 */
export function renewTls(server: Server, files: TlsFiles, first: Pair, log: ServiceLog): Loop {
  let used = printOf(first);
  const runOnce = async (): Promise<number> => {
    const pair = await readTls(files);
    const print = printOf(pair);
    if (print === used) return 0;
    server.setSecureContext(pair);
    used = print;
    log("certificate_renewed", { file: files.certificate });
    return 1;
  };
  const job = { name: "renew_certificate", everyMs: RENEW_EVERY_MS, staggerMs: RENEW_EVERY_MS };
  const loop = new Loop({ ...job, runOnce }, log);
  loop.start();
  return loop;
}

/** Two certificates differ in it; the key itself is not kept. */
function printOf({ cert, key }: Pair): string {
  return createHash("sha256").update(`${cert}\0${key}`).digest("base64");
}
