{{/* Names and labels are those of the original's chart: selectors of a Deployment cannot change at an upgrade. */}}

{{- define "names.short" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "names.full" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "names.short" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "names.short" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "names.namespace" -}}
{{- .Values.namespace | default .Release.Namespace -}}
{{- end -}}

{{- define "names.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "names.full" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "names.lease" -}}
{{- (.Values.leaderElection).leaseName | default (printf "%s-lead" (include "names.full" .)) -}}
{{- end -}}

{{- define "labels.selector" -}}
app.kubernetes.io/name: {{ include "names.short" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of an object; more of them as second element of a list, otherwise the root context. */}}
{{- define "labels.object" -}}
{{- $root := . -}}
{{- $more := dict -}}
{{- if kindIs "slice" . -}}{{- $root = index . 0 -}}{{- $more = index . 1 | default dict -}}{{- end -}}
{{- $own := dict
  "app.kubernetes.io/name" (include "names.short" $root)
  "app.kubernetes.io/instance" $root.Release.Name
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/managed-by" $root.Release.Service
  "app.kubernetes.io/part-of" (include "names.short" $root)
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- $all := mergeOverwrite (dict) ($root.Values.commonLabels | default dict) $more $own -}}
{{- range $key, $value := $all }}
{{ $key }}: {{ $value | quote }}
{{- end -}}
{{- end -}}

{{/* A list of the root context and annotations of the object itself; prints nothing when there are none. */}}
{{- define "annotations.object" -}}
{{- $root := index . 0 -}}
{{- with merge (dict) (index . 1 | default dict) ($root.Values.commonAnnotations | default dict) }}
annotations:
  {{- range $key, $value := . }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Whether a process has to hold the Lease before it works. */}}
{{- define "election.enabled" -}}
{{- $chosen := (.Values.leaderElection).enabled -}}
{{- if kindIs "bool" $chosen -}}{{- ternary "true" "" $chosen -}}{{- else -}}true{{- end -}}
{{- end -}}

{{/* A map as the pairs k=v,k=v that a flag takes. */}}
{{- define "flags.pairs" -}}
{{- $pairs := list -}}
{{- range $key, $value := . -}}{{- $pairs = append $pairs (printf "%s=%v" $key $value) -}}{{- end -}}
{{- join "," $pairs -}}
{{- end -}}
