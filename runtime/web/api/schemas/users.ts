/** What the API answers about users and their tokens. */
import { z } from "zod";
import { ROLES } from "../../../access/permissions.ts";
import { when } from "./common.ts";

const user = z
  .object({
    name: z.string(),
    roles: z.array(z.object({ role: z.enum(ROLES), tag: z.string().nullable() })),
    issuer: z.string().nullable().meta({ description: "The OIDC provider; null: a local user" }),
    hasPassword: z.boolean(),
    createdAt: when,
    disabledAt: when.nullable(),
    version: z.int().meta({ description: "Counts changes; a change may send it back" }),
  })
  .meta({ id: "User" });

const token = z
  .object({
    user: z.string(),
    name: z.string(),
    scopes: z.array(z.string()).nullable(),
    createdAt: when,
    usedAt: when.nullable(),
    expiresAt: when.nullable(),
  })
  .meta({ id: "Token" });

export const users = z.object({ users: z.array(user) });
export const tokens = z.object({ tokens: z.array(token) });
export const link = z.object({
  link: z.string().meta({ description: "Sets the password, once, within 72 hours" }),
});
export const created = z.object({ token: z.string().meta({ description: "Shown this once" }) });
export const ended = z.object({ sessions: z.int() });
