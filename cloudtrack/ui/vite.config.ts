import { defineConfig } from "vite";

// Where `npm run dev` finds the API: a `cloudtrack server` that runs beside it.
const server = { target: "http://127.0.0.1:5000", changeOrigin: true, headers: { origin: "http://127.0.0.1:5000" } };

// What the first page needs is one file: everything but the pages that are fetched when they are first shown.
const first = /[\\/](node_modules[\\/]preact|src[\\/](main|styles|app[\\/](?!markdown)|api[\\/](?!frozen[\\/])|grid|pages[\\/]runs|charts[\\/]sparkline)|src[\\/]lib[\\/](address|columns|completion|export|facets|filter|filter-parser|format|frame|group|ids|mlflow-urls|order|poll|routes|selection|snippets|sorting|url|views)\.)/;

// What shows files of one kind is small: together it is packed better, and asked for once.
const previews = /[\\/]src[\\/]preview[\\/](text|image|json|media|html|headers|table|notebook|markdown|text-view)\./;

export default defineConfig({
  base: "./", // one bundle for every prefix, bucket and server
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", test: first }, { name: "previews", test: previews }] } } },
  },
  server: {
    proxy: { "/api": server, "/ajax-api": server, "/get-artifact": server, "/model-versions": server },
  },
});
