/** The documents of commands about users, tokens and the audit. */
import { z } from "zod";
import { ROLES } from "../../access/permissions.ts";
import { audit as page } from "../../web/api/schemas/audit.ts";
import { tokens as listed } from "../../web/api/schemas/users.ts";
import { when } from "./fields.ts";

export const audit = page.omit({ next: true });

export const users = z.object({
  users: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      hasPassword: z.boolean(),
      issuer: z.string().nullable(),
      createdAt: when,
      disabledAt: when.nullable(),
      version: z.int(),
      grants: z.array(z.object({ role: z.enum(ROLES), tag: z.string().nullable() })),
    }),
  ),
});
export const link = z.object({
  name: z.string(),
  link: z.string().meta({ description: "Sets a password, once" }),
});
export const roleSet = z.object({
  name: z.string(),
  role: z.enum(ROLES).nullable(),
  tag: z.string().nullable().meta({ description: "Null: all DAGs" }),
});
export const userRemoved = z.object({ name: z.string(), removed: z.literal(true) });
export const userDisabled = z.object({ name: z.string(), disabled: z.boolean() });
export const loggedOut = z.object({ name: z.string(), sessions: z.int() });

const token = listed.shape.tokens.element.extend({ id: z.int() });
export const tokens = z.object({ tokens: z.array(token) });
export const tokenCreated = z.object({
  ...{ user: z.string(), name: z.string() },
  token: z.string().meta({ description: "Shown this once" }),
});
export const tokenRevoked = z.object({
  ...{ user: z.string(), name: z.string(), revoked: z.literal(true) },
});
