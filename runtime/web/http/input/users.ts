/** Input of the API about users and their tokens. */
import { z } from "zod";
import { PERMISSIONS, type Permission, ROLES } from "../../../access/permissions.ts";
import { text, version } from "./fields.ts";

const tag = text(100).min(1).nullable().default(null).meta({
  description: "For DAGs with this tag; null: for all DAGs",
});

export const userParams = z.object({ name: text(100).meta({ description: "Name of a user" }) });
export const userTokenParams = z.object({ ...userParams.shape, token: text(100) });

const grant = z.object({ role: z.enum(ROLES), tag });
export const newUser = z.object({ name: text(100), roles: z.array(grant).max(100).default([]) });
export const newRole = z.object({
  role: z.enum(ROLES).nullable().meta({ description: "Null takes the role away" }),
  tag,
  version,
});

const permission = z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]);
export const newToken = z.object({
  name: text(100),
  scopes: z.array(permission).min(1).nullable().default(null).meta({
    description: "Null: all that the user may",
  }),
  days: z.int().min(1).max(3_650).nullable().default(null).meta({
    description: "Days until it expires; null: never",
  }),
});
