{{/* The name that all objects of this release start with. */}}
{{- define "slipway.name" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "slipway.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "slipway.name" .) -}}
{{- end -}}

{{- define "slipway.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "slipway.selectorLabels" -}}
app.kubernetes.io/name: slipway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Not "managed-by: slipway": that is how the operator finds the children of custom resources. */}}
{{- define "slipway.labels" -}}
{{ include "slipway.selectorLabels" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* True on OpenShift, whose security constraints choose the user of every pod. */}}
{{- define "slipway.openshift" -}}
{{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" }}true{{ end -}}
{{- end -}}

{{/* The operator's configuration file. */}}
{{- define "slipway.config" -}}
logLevel: {{ .Values.config.logLevel }}
leaderElection:
  enabled: {{ .Values.leaderElection.enabled }}
  leaseName: {{ include "slipway.name" . }}
  leaseNamespace: {{ .Release.Namespace }}
adminAddress: "0.0.0.0:8080"
{{- if .Values.reports.enabled }}
reports:
  address: "0.0.0.0:8081"
  canaryAddress: "0.0.0.0:8082"
  url: http://{{ include "slipway.name" . }}-reports.{{ .Release.Namespace }}.svc.{{ .Values.config.clusterDomain }}:8081
{{- end }}
{{- with .Values.audit.log }}
audit: {log: {{ . | quote }}}
{{- end }}
workers: {{ .Values.config.workers }}
watchNamespaces: {{ toJson .Values.config.watchNamespaces }}
clusterDomain: {{ .Values.config.clusterDomain }}
workerImage: {{ .Values.config.workerImage | default (include "slipway.image" .) | quote }}
gangScheduler: {{ .Values.config.gangScheduler }}
{{- with .Values.config.gangSchedulerName }}
gangSchedulerName: {{ . }}
{{- end }}
{{- with .Values.config.mlflow }}
{{- if .trackingUri }}
mlflow: {trackingUri: {{ .trackingUri | quote }}, secretName: {{ .secretName }}}
{{- end }}
{{- end }}
runtimes: {{- if .Values.config.runtimes }}{{ toYaml .Values.config.runtimes | nindent 0 }}{{ else }} []{{ end }}
{{- end -}}

{{/* Who the operator is to the API server. */}}
{{- define "slipway.user" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "slipway.serviceAccount" . }}
{{- end -}}

{{/* True where admission policies are wanted, and served: since 1.30. */}}
{{- define "slipway.admission" -}}
{{- if and .Values.admission.enabled (semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version) }}true{{ end -}}
{{- end -}}

{{/* True where the parameters of isolation are defined, or are by this chart: without them no pod is made. */}}
{{- define "slipway.admission.isolation" -}}
{{- $served := .Capabilities.APIVersions.Has "slipway.dev/v1alpha1/IsolationPolicy" }}
{{- if and (include "slipway.admission" .) (or .Values.crds.enabled $served) }}true{{ end -}}
{{- end -}}
