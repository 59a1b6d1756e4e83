/** Shows the policy that this page came with, and all that it has stopped. */
const output = document.querySelector('.policy output');
const stopped = [];

document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  stopped.push(`${effectiveDirective} ${blockedURI}`);
  output.value = stopped.join(', ');
});

const { headers } = await fetch(location.href, { method: 'HEAD' });
document.querySelector('.policy pre').textContent = headers
  .get('Content-Security-Policy')
  .replaceAll('; ', ';\n');
