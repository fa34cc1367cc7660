import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

/**
 * Headers for every response. A page of this server loads scripts, styles and data from this server only, has no inline script and
 * no inline style, and is in no frame. The service worker keeps them with the page, so that they hold without a server, too.
 */
export function securityHeaders(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      // The icon in index.html is a data URL.
      imgSrc: ["'self'", 'data:'],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    // For browsers that do not know `frame-ancestors`.
    xFrameOptions: 'DENY',
    // Addresses say what somebody searched for. With `no-referrer`, some of a page's own requests would have the origin `null`.
    referrerPolicy: 'same-origin',
    // This server speaks HTTP. The proxy that has the certificate says whether its name is for HTTPS only.
    strictTransportSecurity: false,
  })
}
