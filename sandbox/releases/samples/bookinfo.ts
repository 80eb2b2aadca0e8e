import { deployment, manifest, service, serviceAccount } from './text.ts';

const http = [{ name: 'http', port: 9080 }];

const reviewsContainer = `        env:
        - name: LOG_DIR
          value: "/tmp/logs"
        volumeMounts:
        - name: tmp
          mountPath: /tmp
        - name: wlp-output
          mountPath: /opt/ibm/wlp/output
`;
const reviewsVolumes = `      volumes:
      - name: wlp-output
        emptyDir: {}
      - name: tmp
        emptyDir: {}
`;

function workload(app: string, version: string): string {
  const reviews = app === 'reviews';
  const page = app === 'productpage';
  return deployment({
    name: `${app}-${version}`,
    app,
    version,
    labeled: true,
    account: `bookinfo-${app}`,
    image: `registry.istio.io/release/examples-bookinfo-${app}-${version}:1.20.3`,
    ports: [9080],
    ...(reviews ? { container: reviewsContainer, volumes: reviewsVolumes } : {}),
    ...(page
      ? {
          container: '        volumeMounts:\n        - name: tmp\n          mountPath: /tmp\n',
          volumes: '      volumes:\n      - name: tmp\n        emptyDir: {}\n',
          templateAnnotations: `      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "9080"
        prometheus.io/path: "/metrics"
`,
        }
      : {}),
  });
}

function application(app: string, versions: readonly string[]): string[] {
  return [
    service(app, http),
    serviceAccount(`bookinfo-${app}`, `account: ${app}`),
    ...versions.map((version) => workload(app, version)),
  ];
}

const istio = (kind: string, name: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n${spec}`;

function destinationRule(host: string, subsets: readonly string[]): string {
  const lines = subsets.map((subset) => `  - name: ${subset}\n    labels:\n      version: ${subset}\n`).join('');
  return istio('DestinationRule', host, `  host: ${host}\n  subsets:\n${lines}`);
}

/** A VirtualService of one host: `rules` are items of `http`. */
function virtualService(host: string, ...rules: string[]): string {
  return istio('VirtualService', host, `  hosts:\n  - ${host}\n  http:\n${rules.join('')}`);
}

const to = (host: string, subset: string, weight?: number) =>
  `    - destination:\n        host: ${host}\n        subset: ${subset}\n${weight === undefined ? '' : `      weight: ${weight}\n`}`;
const rule = (...destinations: string[]) => `  - route:\n${destinations.join('')}`;
const ruleForJason = (more: string, ...destinations: string[]) =>
  `  - match:\n    - headers:\n        end-user:\n          exact: jason\n${more}    route:\n${destinations.join('')}`;

function fault(lines: string): string {
  return manifest(
    virtualService('ratings', ruleForJason(`    fault:\n${lines}`, to('ratings', 'v1')), rule(to('ratings', 'v1'))),
  );
}

const gateway = manifest(
  istio(
    'Gateway',
    'bookinfo-gateway',
    `  selector:
    istio: ingressgateway
  servers:
  - port:
      number: 8080
      name: http
      protocol: HTTP
    hosts:
    - "*"
`,
  ),
  istio(
    'VirtualService',
    'bookinfo',
    `  hosts:
  - "*"
  gateways:
  - bookinfo-gateway
  http:
  - match:
    - uri:
        exact: /productpage
    - uri:
        prefix: /static
    - uri:
        exact: /login
    - uri:
        exact: /logout
    - uri:
        prefix: /api/v1/products
    route:
    - destination:
        host: productpage
        port:
          number: 9080
`,
  ),
);

const folder = 'samples/bookinfo/networking';

/** samples/bookinfo: the four applications, their gateway, subsets and routes. */
export const bookinfoSamples: Record<string, string> = {
  'samples/bookinfo/platform/kube/bookinfo.yaml': manifest(
    ...application('details', ['v1']),
    ...application('ratings', ['v1']),
    ...application('reviews', ['v1', 'v2', 'v3']),
    ...application('productpage', ['v1']),
  ),
  [`${folder}/bookinfo-gateway.yaml`]: gateway,
  [`${folder}/destination-rule-all.yaml`]: manifest(
    destinationRule('productpage', ['v1']),
    destinationRule('reviews', ['v1', 'v2', 'v3']),
    destinationRule('ratings', ['v1', 'v2', 'v2-mysql', 'v2-mysql-vm']),
    destinationRule('details', ['v1', 'v2']),
  ),
  [`${folder}/virtual-service-all-v1.yaml`]: manifest(
    ...['productpage', 'reviews', 'ratings', 'details'].map((host) => virtualService(host, rule(to(host, 'v1')))),
  ),
  [`${folder}/virtual-service-ratings-test-abort.yaml`]: fault(
    '      abort:\n        percentage:\n          value: 100.0\n        httpStatus: 500\n',
  ),
  [`${folder}/virtual-service-ratings-test-delay.yaml`]: fault(
    '      delay:\n        percentage:\n          value: 100.0\n        fixedDelay: 7s\n',
  ),
  [`${folder}/virtual-service-reviews-50-v3.yaml`]: manifest(
    virtualService('reviews', rule(to('reviews', 'v1', 50), to('reviews', 'v3', 50))),
  ),
  [`${folder}/virtual-service-reviews-test-v2.yaml`]: manifest(
    virtualService('reviews', ruleForJason('', to('reviews', 'v2')), rule(to('reviews', 'v1'))),
  ),
};
