/** Input about users, their roles, sessions and tokens. */
import { z } from "zod";
import { PERMISSIONS, type Permission, ROLES } from "../../../access/permissions.ts";
import { filled, formVersion, optional, rowId, text } from "./fields.ts";

export const userParams = z.object({ name: text(100) });
export const sessionParams = z.object({ id: rowId });
export const tokenParams = z.object({ name: text(100) });

const tag = filled(optional(text(100)));

export const newUserBody = z.object({ name: text(100), role: z.enum(ROLES), tag });
export const roleBody = z.object({
  ...{ role: filled(optional(z.enum(ROLES))), tag, version: formVersion },
});
export const passwordBody = z.object({ current: text(200), password: text(200), again: text(200) });

const permission = z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]);
const MOST_DAYS = 3_650;

export const newTokenBody = z.object({
  name: text(100),
  /** Lines, as {@link formBody} joins them; empty: all permissions of the user. */
  scopes: filled(optional(z.string().transform((lines) => lines.split("\n")))).pipe(
    z.array(permission).nullable(),
  ),
  days: filled(optional(z.coerce.number().int().min(1).max(MOST_DAYS))),
});
