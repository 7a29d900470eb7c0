/** The operator that runs a command on a host. */
import { type FromContext, resolveField, type TaskBody, type TaskContext } from "dagsmith";
import { checkEnd, checkOutput, type ProcessOptions, type Sh } from "dagsmith/plugins/process";
import { sshHook } from "./hook.ts";

/** The host, the script, and what the task makes of its end. */
export interface SshCommandOptions<Output, Context extends TaskContext = TaskContext>
  extends Pick<
    ProcessOptions<Output, Context>,
    "output" | "skipOn" | "failOn" | "retryOn" | "logLevels"
  > {
  /** Id of a connection of type `ssh`. */
  readonly ssh: FromContext<string, Context>;
  /** For /bin/sh of the host. Make it with `sh` when it has values in it. */
  readonly script: FromContext<string | Sh, Context>;
  /** Environment variables, besides those of the login. Default: none. */
  readonly env?: Readonly<Record<string, FromContext<string | number | boolean, Context>>>;
  /** The folder in which the script starts. Default: the home of the user. */
  readonly cwd?: FromContext<string, Context>;
}

/**
 * Runs a script on another host. Its output is logged line by line. A cancel, a time-out
 * and the death of the worker end the script and all that it started. Airflow:
 * SSHOperator.
 * @returns null; with a schema in `output`, the last line of stdout as the schema reads it
 * @throws SkipTask, FailTask or ProcessError, by the exit code
 * @example
 * const script = ({ params }: TaskContext<{ day: string }>) => sh`wc -l < trips-${params.day}.csv`;
 * d.task("count", sshCommand({ ssh: "files", script, output: z.coerce.number() }));
 */
export function sshCommand<Output = null, Context extends TaskContext = TaskContext>(
  options: SshCommandOptions<Output, Context>,
): TaskBody<Output, Context> {
  return async function sshCommand(context) {
    const host = await context.hook(sshHook(await resolveField(options.ssh, context)));
    const cwd = await resolveField(options.cwd, context);
    const given = await resolveField(options.script, context);
    const script = typeof given === "string" ? given : given.render();
    context.rendered({ script, cwd });
    const { logLevels } = options;
    const end = await host.run(script, {
      env: await environment(options, context),
      ...(cwd !== undefined && { cwd }),
      ...(logLevels && { logLevels }),
    });
    checkEnd(`The command on ${host.place}`, end, options);
    return checkOutput(null, end.lastStdout, options.output);
  };
}

async function environment<Output, Context extends TaskContext>(
  { env = {} }: SshCommandOptions<Output, Context>,
  context: Context,
): Promise<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    resolved[name] = String(await resolveField(value, context));
  return resolved;
}
