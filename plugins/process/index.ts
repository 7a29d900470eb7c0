/**
 * dagsmith/plugins/process: operators that run a shell script, a program or a Python
 * script, and the runner for operators of one's own.
 */
export { exec } from "./exec.ts";
export { ProcessError } from "./process_error.ts";
export type { ProcessResult } from "./process_files.ts";
export type { ProcessOptions } from "./process_options.ts";
export { type PythonOptions, python } from "./python.ts";
export { type PythonEnvironmentOptions, pythonEnvironment } from "./python_environment.ts";
export { type LogLevel, type ProcessEnd, type ProcessSpec, runProcess } from "./run_process.ts";
export { Sh, type ShValue, sh } from "./sh.ts";
export { shell } from "./shell.ts";
