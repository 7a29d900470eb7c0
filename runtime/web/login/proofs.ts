/** What proves who logs in: a password, or the link of a page on this machine. */
import type { Request } from "express";
import { isPassword } from "../../access/password.ts";
import { findUser, insertUser, passwordOf, replaceGrants } from "../../store/access/web_user.ts";
import type { WebLink, WebServices } from "../http/services.ts";
import { auditRefusal } from "./refused.ts";

interface ProvenUser {
  readonly id: number;
  readonly name: string;
}

/** The user with this name and password. The audit counts wrong ones. */
export async function rightPassword(
  services: Pick<WebServices, "reader" | "log">,
  request: Request,
  name: string,
  password: string,
): Promise<ProvenUser | undefined> {
  const found = await passwordOf(services.reader, name);
  const isRight = await isPassword(password, found?.password ?? null);
  if (found && isRight) return { id: found.id, name };
  await auditRefusal(services, request, { action: "refuse password", user: found ? name : null });
  return undefined;
}

/** The user of the link, who is created when the link is opened for the first time. */
export async function linkUser(
  { db }: Pick<WebServices, "db">,
  { user: name }: WebLink,
): Promise<ProvenUser> {
  return db.transaction(async (tx) => {
    const created = await insertUser(tx, { name, password: null });
    const id = created ?? (await findUser(tx, name))?.id;
    if (id === undefined) throw new Error(`the user ${name} can be neither added nor found`);
    if (created !== undefined) await replaceGrants(tx, id, [{ role: "admin", tag: null }]);
    return { id, name };
  });
}
