/** Calls of tools by the client of the Model Context Protocol. */
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { z } from "zod";

const answerShape = z.object({
  isError: z.boolean().optional(),
  content: z.tuple([z.object({ type: z.literal("text"), text: z.string() })]),
});

/** @returns the JSON that a tool answers */
export async function callTool(
  client: Client,
  name: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly isError: boolean; readonly document: unknown }> {
  const answer = await client.callTool({ name, arguments: input });
  const { isError, content } = answerShape.parse(answer);
  return { isError: isError ?? false, document: JSON.parse(content[0].text) as unknown };
}
