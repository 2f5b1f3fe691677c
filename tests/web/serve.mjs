// Serves a built page on this machine only:  node tests/web/serve.mjs DIR [PORT]
// The site is static files, so this does no more than any static host would; the browser tests use it too.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  // Any other type, and the browser compiles only after the whole module has arrived.
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** Serves `dir`; resolves to its address and a function that stops it. Port 0 takes any free one. */
export async function serve(dir, port = 0) {
  const root = resolve(dir);
  const server = createServer(async (request, response) => {
    const refuse = (status) => response.writeHead(status).end();
    try {
      const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
      const file = resolve(root, "." + (path.endsWith("/") ? path + "index.html" : path));
      if (!file.startsWith(root + sep)) return refuse(404);
      const found = await stat(file);
      if (!found.isFile()) return refuse(404);
      response.writeHead(200, {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        "content-length": found.size,
        // A rebuild must show at the next reload.
        "cache-control": "no-cache",
      });
      if (request.method === "HEAD") return response.end();
      createReadStream(file).pipe(response);
    } catch {
      refuse(404);
    }
  });
  await new Promise((done, fail) => server.once("error", fail).listen(port, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => new Promise((done) => server.close(done).closeAllConnections()),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [dir = "dist", port = "8080"] = process.argv.slice(2);
  try {
    const { url } = await serve(dir, Number(port));
    console.log(`Firedrill is at ${url} (Ctrl+C ends it)`);
  } catch (error) {
    const why = error.code === "EADDRINUSE" ? `port ${port} is taken: choose another, PORT=8081 make play` : error.message;
    console.error(why);
    process.exit(1);
  }
}
