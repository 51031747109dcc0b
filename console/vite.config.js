/** Builds the console into dist/console, from where the service serves it. Nothing is inlined: the page's policy would refuse it. */
export default {
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    // A polyfill for old browsers would be an inline script.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  worker: { format: 'es' },
}
