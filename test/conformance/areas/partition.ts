/** From the key of a partition upstream to the one downstream. */
import { z } from "zod";
import { mapPartitionKey, type PartitionMapper } from "../../../runtime/timetable/index.ts";
import { area, NotSupported } from "../area.ts";

const TEMPORAL = ["hourly", "daily", "weekly", "monthly", "quarterly", "yearly"] as const;

const INPUT = z.object({
  mapper: z.string(),
  key: z.string(),
  mappers: z.array(z.string()).optional(),
  allowed_keys: z.array(z.string()).optional(),
  input_format: z.string().optional(),
  output_format: z.string().optional(),
  timezone: z.string().optional(),
});
type Input = z.infer<typeof INPUT>;

export const partitionMapper = area(INPUT, (input) => ({
  key: mapPartitionKey(mapperOf(input.mapper, input), input.key),
}));

function mapperOf(name: string, input: Omit<Input, "mapper">): PartitionMapper {
  const temporal = TEMPORAL.find((type) => type === name);
  const { input_format: inputFormat, output_format: outputFormat, timezone } = input;
  if (temporal)
    return {
      type: temporal,
      ...(inputFormat ? { inputFormat } : {}),
      ...(outputFormat ? { outputFormat } : {}),
      ...(timezone ? { timezone } : {}),
    };
  if (name === "identity") return { type: name };
  if (name === "product")
    return { type: name, mappers: (input.mappers ?? []).map((part) => mapperOf(part, input)) };
  if (name === "allowed_keys" || name === "allowed_key")
    return { type: "allowed_keys", keys: input.allowed_keys ?? [] };
  throw new NotSupported(`a partition mapper ${name}`);
}
