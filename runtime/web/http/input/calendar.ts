/** Input about the calendar: the day that it shows, with its month. */
import { z } from "zod";
import { filled, optional } from "./fields.ts";

const day = z.iso
  .date()
  .refine((text) => text >= "2000-01-01" && text < "2100-01-01", "must be from 2000 to 2099");

export const calendarQuery = z.object({ day: filled(optional(day)) });
