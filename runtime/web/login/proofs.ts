/** What proves who logs in: a password, or the link of a page on this machine. */
import { isPassword } from "../../access/password.ts";
import { findUser, insertUser, passwordOf, replaceGrants } from "../../store/access/web_user.ts";
import type { WebLink, WebServices } from "../http/services.ts";

interface ProvenUser {
  readonly id: number;
  readonly name: string;
}

/** The user with this name and password. */
export async function rightPassword(
  { reader }: Pick<WebServices, "reader">,
  name: string,
  password: string,
): Promise<ProvenUser | undefined> {
  const found = await passwordOf(reader, name);
  const isRight = await isPassword(password, found?.password ?? null);
  return found && isRight ? { id: found.id, name } : undefined;
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
