// The same engine as a native program.
import { spawn } from "node:child_process";

/** What the native program prints; fails with its errors. */
export function firedrill(...words) {
  const child = spawn("cargo", ["run", "--quiet", "--locked", "--bin", "firedrill", "--", ...words]);
  const heard = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) child[stream].setEncoding("utf8").on("data", (text) => (heard[stream] += text));
  return new Promise((resolve, reject) => {
    child.on("close", (status) => (status === 0 ? resolve(heard.stdout) : reject(new Error(`status ${status}: ${heard.stderr}`))));
  });
}
