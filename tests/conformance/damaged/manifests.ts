/**
 * Manifests as learners paste them from pages that lost indentation, fields or lines, and what kubectl 1.35 and the API
 * server say to each. `source` says where the expectation is from.
 */
export interface Damaged {
  name: string;
  source: string;
  manifest: string;
  /** Arguments of kubectl; `apply -f -` if not said. */
  command?: string;
  stdout?: string;
  stderr: string;
  /**
   * For the real kubectl alone: of a group that is not there it asks `/openapi/v2` in protobuf, which the sandbox's server
   * does not speak.
   */
  realCommand?: string;
  /** Only a cluster with Istio's webhooks says this. */
  webhook?: true;
}

/** The name is asked of the server before anything else of the object: kubectl apply, k8s.io/client-go rest/request.go. */
function nameless(resource: string, gvk: string): string {
  return `error: error when retrieving current configuration of:
Resource: "${resource}", GroupVersionKind: "${gvk}"
Name: "", Namespace: "default"
from server for: "STDIN": resource name may not be empty
`;
}

/** After errors of structure the API server leaves out the CEL rules, and says so: apiextensions-apiserver hasBlockingErr. */
const unchecked =
  '* <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation\n';

const rest = 'client-go rest.Request.Name; the shape of the message: kubectl apply';
const strict = 'apiserver fieldValidation=Strict, sorted by field';
const mapping = 'kubectl resource builder: meta.NoKindMatchError';
const reader = 'sigs.k8s.io/yaml';

export const manifests: Damaged[] = [
  {
    name: 'an ExternalName Service, flattened',
    source: rest,
    manifest: `kind: Service
apiVersion: v1
metadata:
name: my-httpbin
spec:
type: ExternalName
externalName: httpbin.org
ports:
- name: http
protocol: TCP
port: 80`,
    stderr: nameless('/v1, Resource=services', '/v1, Kind=Service'),
  },
  {
    name: 'Endpoints without a name',
    source: rest,
    manifest: `kind: Endpoints
apiVersion: v1
metadata:
subsets:
  - addresses:
      - ip: 91.198.174.192
    ports:
      - port: 443
        name: tls`,
    stderr: nameless('/v1, Resource=endpoints', '/v1, Kind=Endpoints'),
  },
  {
    name: 'a DestinationRule without spec:, its fields in metadata',
    source: strict,
    manifest: `apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: my-httpbin
  host: my-httpbin.default.svc.cluster.local
  trafficPolicy:
    tls:
      mode: DISABLE`,
    stderr:
      'Error from server (BadRequest): error when creating "STDIN": DestinationRule in version "v1alpha3" cannot be handled as a DestinationRule: strict decoding error: unknown field "metadata.host", unknown field "metadata.trafficPolicy"\n',
  },
  {
    name: 'a DestinationRule without spec:, its fields at the top',
    source: strict,
    manifest: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: my-httpbin
host: my-httpbin.default.svc.cluster.local
trafficPolicy:
  tls:
    mode: DISABLE`,
    stderr:
      'Error from server (BadRequest): error when creating "STDIN": DestinationRule in version "v1" cannot be handled as a DestinationRule: strict decoding error: unknown field "host", unknown field "trafficPolicy"\n',
  },
  {
    name: 'a ServiceEntry, flattened',
    source: rest,
    manifest: `apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata:
name: httpbin-ext
spec:
hosts:
- httpbin.org
ports:
- number: 80
name: http
protocol: HTTP
resolution: DNS
location: MESH_EXTERNAL`,
    stderr: nameless(
      'networking.istio.io/v1alpha3, Resource=serviceentries',
      'networking.istio.io/v1alpha3, Kind=ServiceEntry',
    ),
  },
  {
    name: 'a VirtualService, flattened',
    source: rest,
    manifest: `apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata:
name: httpbin-ext
spec:
hosts:
- httpbin.org
http:
- timeout: 3s
route:
- destination:
host: httpbin.org
weight: 100`,
    stderr: nameless(
      'networking.istio.io/v1alpha3, Resource=virtualservices',
      'networking.istio.io/v1alpha3, Kind=VirtualService',
    ),
  },
  {
    name: 'a Deployment without selector',
    source: 'kubernetes/pkg/apis/apps/validation: ValidateDeploymentSpec',
    manifest: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: squid
spec:
  replicas: 1
  template:
    metadata:
      labels:
        app: squid
    spec:
      containers:
      - name: squid
        image: sameersbn/squid:3.5.27`,
    stderr: `The Deployment "squid" is invalid: \n* spec.selector: Required value\n* spec.template.metadata.labels: Invalid value: {"app":"squid"}: \`selector\` does not match template \`labels\`\n`,
  },
  {
    name: 'neither kind nor host',
    source: 'kubectl validation: getObjectKind',
    manifest: `apiVersion: "networking.istio.io/v1alpha3"
metadata:
  name: "example-httpbin-istio-client-mtls"
spec:
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL`,
    stderr:
      'error: error validating "STDIN": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false\n',
  },
  {
    name: 'neither apiVersion nor kind',
    source: 'kubectl validation: getObjectKind',
    manifest: 'metadata:\n  name: httpbin-ext\nspec:\n  hosts:\n  - httpbin.org',
    stderr:
      'error: error validating "STDIN": error validating data: [apiVersion not set, kind not set]; if you choose to ignore these errors, turn validation off with --validate=false\n',
  },
  {
    name: 'a DestinationRule without host',
    source: "the schema of Istio's definition: required host",
    manifest: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: client-mtls
spec:
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL`,
    stderr: `The DestinationRule "client-mtls" is invalid: \n* spec.host: Required value\n${unchecked}`,
  },
  {
    name: 'a Policy, which Istio 1.6 removed',
    source: mapping,
    realCommand: 'apply --validate=false -f -',
    manifest: `apiVersion: "authentication.istio.io/v1alpha1"
kind: "Policy"
metadata:
  name: "example-httpbin-strict"
  namespace: default
spec:
  peers:
  - mtls:
      mode: STRICT`,
    stderr:
      'error: resource mapping not found for name: "example-httpbin-strict" namespace: "default" from "STDIN": no matches for kind "Policy" in version "authentication.istio.io/v1alpha1"\nensure CRDs are installed first\n',
  },
  {
    name: 'a MeshPolicy',
    source: mapping,
    realCommand: 'apply --validate=false -f -',
    manifest: 'apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata:\n  name: default',
    stderr:
      'error: resource mapping not found for name: "default" namespace: "" from "STDIN": no matches for kind "MeshPolicy" in version "authentication.istio.io/v1alpha1"\nensure CRDs are installed first\n',
  },
  {
    name: 'a version that is not served',
    source: mapping,
    manifest: 'apiVersion: networking.istio.io/v1alpha4\nkind: Gateway\nmetadata:\n  name: egress',
    stderr:
      'error: resource mapping not found for name: "egress" namespace: "" from "STDIN": no matches for kind "Gateway" in version "networking.istio.io/v1alpha4"\nensure CRDs are installed first\n',
  },
  {
    name: 'a tab for indentation',
    source: reader,
    manifest: 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n\tname: cnn',
    stderr:
      'error: error parsing STDIN: error converting YAML to JSON: yaml: line 4: found character that cannot start any token\n',
  },
  {
    name: 'a line too deep',
    source: reader,
    manifest: 'apiVersion: networking.istio.io/v1\n  kind: ServiceEntry\nmetadata:\n  name: cnn',
    stderr:
      'error: error parsing STDIN: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context\n',
  },
  {
    name: 'the numbers of the lines pasted too',
    source: 'kubectl validation: getObjectKind',
    manifest: '1. apiVersion: networking.istio.io/v1\n2. kind: ServiceEntry\n3. metadata:\n4. name: cnn',
    stderr:
      'error: error validating "STDIN": error validating data: [apiVersion not set, kind not set]; if you choose to ignore these errors, turn validation off with --validate=false\n',
  },
  {
    name: 'nothing at all',
    source: 'kubectl apply: no objects passed to apply',
    manifest: '',
    stderr: 'error: no objects passed to apply\n',
  },
  {
    name: 'a port number in quotes',
    source: 'kube-openapi validation: errors.InvalidType',
    manifest: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: cnn
spec:
  hosts:
  - edition.cnn.com
  ports:
  - number: "80"
    name: http
    protocol: HTTP
  resolution: DNS`,
    stderr: `The ServiceEntry "cnn" is invalid: \n* spec.ports[0].number: Invalid value: "string": spec.ports[0].number in body must be of type integer: "string"\n${unchecked}`,
  },
  {
    name: 'create sends what apply could not name',
    source: strict,
    command: 'create -f -',
    manifest:
      'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\nname: cnn\nspec:\nhosts:\n- edition.cnn.com',
    stderr:
      'Error from server (BadRequest): error when creating "STDIN": ServiceEntry in version "v1" cannot be handled as a ServiceEntry: strict decoding error: unknown field "hosts", unknown field "name"\n',
  },
  {
    name: 'a Deployment, flattened: the last of equal keys counts',
    source: rest,
    manifest: `apiVersion: apps/v1
kind: Deployment
metadata:
name: squid
namespace: external
spec:
replicas: 1
template:
metadata:
labels:
app: squid
spec:
volumes:
- name: proxy-config
configMap:
name: proxy-configmap
containers:
- name: squid
image: sameersbn/squid:3.5.27
imagePullPolicy: IfNotPresent
volumeMounts:
- name: proxy-config
mountPath: /etc/squid
readOnly: true`,
    stderr: nameless('apps/v1, Resource=deployments', 'apps/v1, Kind=Deployment'),
  },
  {
    name: 'a key without its colon',
    source: reader,
    manifest: 'apiVersion: networking.istio.io/v1\nkind ServiceEntry\nmetadata:\n  name: cnn',
    stderr: "error: error parsing STDIN: error converting YAML to JSON: yaml: line 3: could not find expected ':'\n",
  },
  {
    name: 'a first key without its colon',
    source: reader,
    manifest: 'apiVersion networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: cnn',
    stderr:
      'error: error parsing STDIN: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context\n',
  },
  {
    name: 'a dash that touches its item',
    source: reader,
    manifest: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: cnn
spec:
  hosts:
  -edition.cnn.com
  resolution: DNS`,
    stderr: "error: error parsing STDIN: error converting YAML to JSON: yaml: line 8: could not find expected ':'\n",
  },
  {
    name: 'a key without its colon in a sequence, a comment below',
    source: reader,
    manifest: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
spec:
  ports:
  - number: 80
    name http
      more

    # the protocol
    protocol: HTTP`,
    stderr: "error: error parsing STDIN: error converting YAML to JSON: yaml: line 9: could not find expected ':'\n",
  },
  {
    name: 'the prompt pasted too',
    source: reader,
    manifest: '$ kubectl apply -f - <<EOF\napiVersion: v1\nkind: ConfigMap',
    stderr:
      'error: error parsing STDIN: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context\n',
  },
  {
    name: 'typographic quotes',
    source: 'apimachinery validation: IsDNS1123Subdomain',
    manifest:
      'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: “cnn”\nspec:\n  hosts: [edition.cnn.com]',
    stderr: `The ServiceEntry "“cnn”" is invalid: metadata.name: Invalid value: "“cnn”": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n`,
  },
  {
    name: 'text that is no object',
    source: 'kubectl validation: getObjectKind',
    manifest: 'hello world',
    stderr:
      'error: error validating "STDIN": error validating data: invalid object to validate; if you choose to ignore these errors, turn validation off with --validate=false\n',
  },
  {
    name: 'a VirtualService without any route',
    source: 'istio/pkg/config/validation: ValidateVirtualService; apiserver ToStatusErr leaves the reason empty',
    webhook: true,
    manifest: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: httpbin-ext
spec:
  hosts:
  - httpbin.org`,
    stderr:
      'Error from server: error when creating "STDIN": admission webhook "validation.istio.io" denied the request: configuration is invalid: http, tcp or tls must be provided in virtual service\n',
  },
];
