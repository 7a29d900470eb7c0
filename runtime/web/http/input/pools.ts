/** Input about pools. */
import { z } from "zod";
import { text } from "./fields.ts";

export const poolParams = z.object({
  name: z
    .string()
    .regex(/^[\w.-]{1,100}$/, "is not the name of a pool")
    .meta({ description: "Name of a pool; all holds every task", example: "api" }),
});
export const poolBody = z.object({
  slots: z.int().min(-1).max(1_000_000).meta({ description: "-1: no limit; 0: closed" }),
  description: text(1_000).optional(),
});
