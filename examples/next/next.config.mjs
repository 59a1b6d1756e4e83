const demoServer = process.env.DEMO_SERVER ?? 'http://127.0.0.1:8080';

/** @type {import('next').NextConfig} */
export default {
  // To the signing server, and to its sign-in; content goes straight to the store.
  rewrites: async () => [
    { source: '/s3/:path*', destination: `${demoServer}/s3/:path*` },
    { source: '/session', destination: `${demoServer}/session` },
  ],
  // The repository's style sheet lies beside the example. An app of its own needs neither of these.
  turbopack: { root: process.env.WORKSHOP },
  devIndicators: false,
};
