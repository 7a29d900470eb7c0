/** Gives a file the name of another one, which loses it. */
import { errorMessage, withCode } from "dagsmith";
import type { Stats } from "ssh2";
import { isUnsupported, mayBeInTheWay, unlessMissing } from "./sftp_error.ts";
import type { SftpSession } from "./sftp_session.ts";
import { unfinishedFor } from "./unfinished.ts";

/** Plain SFTP does not replace a file: OpenSSH does, by a verb of its own. */
export async function replace(session: SftpSession, from: string, to: string): Promise<void> {
  try {
    await session.call<void>((done) => session.channel.ext_openssh_rename(from, to, done));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    await replacePlainly(session, from, to);
  }
}

async function replacePlainly(session: SftpSession, from: string, to: string): Promise<void> {
  try {
    await rename(session, from, to);
  } catch (error) {
    // The host does not say why. The old file is touched only when it is the reason.
    if (!mayBeInTheWay(error)) throw error;
    if (!(await isFile(session, from)) || !(await isFile(session, to))) throw error;
    await swap(session, from, to);
  }
}

/** The old file keeps its content until the new one has its name. */
async function swap(session: SftpSession, from: string, to: string): Promise<void> {
  const old = unfinishedFor(to);
  await rename(session, to, old);
  try {
    await rename(session, from, to);
  } catch (reason) {
    await rename(session, old, to).catch((cause: unknown) => {
      throw stranded(session, { to, old, reason, cause });
    });
    throw reason;
  }
  // The new file has its name: a rest is no failure of that.
  await session.call<void>((done) => session.channel.unlink(old, done)).catch(() => undefined);
}

function rename(session: SftpSession, from: string, to: string): Promise<void> {
  return session.call<void>((done) => session.channel.rename(from, to, done));
}

async function isFile(session: SftpSession, path: string): Promise<boolean> {
  const found = await session
    .call<Stats>((done) => session.channel.lstat(path, done))
    .catch(unlessMissing);
  return found !== undefined && !found.isDirectory();
}

interface Stranded {
  readonly to: string;
  /** The name that the old file has now. */
  readonly old: string;
  readonly reason: unknown;
  readonly cause: unknown;
}

function stranded({ place }: SftpSession, { to, old, reason, cause }: Stranded): Error {
  return withCode(
    "SFTP_FAILED",
    new Error(
      `SFTP rename to ${to} (${place}): ${errorMessage(reason)}. The old file could not get its name back, and is at ${old}: ${errorMessage(cause)}`,
      { cause },
    ),
  );
}
