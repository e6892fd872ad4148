import { defineConfig } from "vite";

// Where `npm run dev` finds the API: a `cloudtrack server` that runs beside it.
const server = "http://127.0.0.1:5000";

export default defineConfig({
  base: "./", // one bundle for every prefix, bucket and server
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", sourcemap: false, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: {
    proxy: { "/api": server, "/ajax-api": server, "/get-artifact": server, "/model-versions": server },
  },
});
