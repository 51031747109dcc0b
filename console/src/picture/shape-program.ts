/**
 * Nodes as points whose shape says what they are: accounts are discs, things are squares, identifiers are diamonds, and what was folded is a ring. One
 * program for all, so that a picture is one call of the graphics card. After sigma's own point program, whose conventions it keeps.
 */
import { NodeProgram } from 'sigma/rendering'
import type { NodeDisplayData, RenderParams } from 'sigma/types'
import { floatColor } from 'sigma/utils'
import type { EdgeFields, NodeFields } from './fields.js'

export interface ShapedNode extends NodeDisplayData {
  readonly shape: number
  readonly edgeColour: string
}

const VERTEX = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
attribute vec4 a_border;
attribute vec2 a_position;
attribute float a_size;
attribute float a_shape;
uniform float u_sizeRatio;
uniform float u_pixelRatio;
uniform mat3 u_matrix;
varying vec4 v_color;
varying vec4 v_border;
varying float v_shape;
varying float v_pixel;
const float bias = 255.0 / 254.0;
void main() {
  gl_Position = vec4((u_matrix * vec3(a_position, 1)).xy, 0, 1);
  float diameter = a_size / u_sizeRatio * u_pixelRatio * 2.0;
  gl_PointSize = diameter;
  v_pixel = 1.0 / diameter;
  v_shape = a_shape;
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= bias;
  v_border = a_border;
  v_border.a *= bias;
}
`

const FRAGMENT = /* glsl */ `
precision mediump float;
varying vec4 v_color;
varying vec4 v_border;
varying float v_shape;
varying float v_pixel;
const vec4 none = vec4(0.0);
void main() {
  vec2 at = gl_PointCoord - vec2(0.5);
  float from = length(at);
  if (v_shape > 0.5 && v_shape < 1.5) from = max(abs(at.x), abs(at.y)) * 1.15;
  if (v_shape > 1.5 && v_shape < 2.5) from = abs(at.x) + abs(at.y);
  float inside = 0.5 - from;
  #ifdef PICKING_MODE
  gl_FragColor = inside > 0.0 ? v_color : none;
  #else
  float cover = smoothstep(0.0, 1.5 * v_pixel, inside);
  float border = 1.0 - smoothstep(1.5 * v_pixel, 3.0 * v_pixel, inside);
  if (v_shape > 2.5) border = max(border, smoothstep(0.14, 0.16, inside));
  vec4 colour = mix(v_color, v_border, border);
  gl_FragColor = mix(none, colour, cover);
  #endif
}
`

const { UNSIGNED_BYTE, FLOAT, POINTS } = WebGLRenderingContext
const UNIFORMS = ['u_sizeRatio', 'u_pixelRatio', 'u_matrix'] as const

export class ShapeProgram extends NodeProgram<(typeof UNIFORMS)[number], NodeFields, EdgeFields> {
  override getDefinition() {
    return {
      VERTICES: 1,
      VERTEX_SHADER_SOURCE: VERTEX,
      FRAGMENT_SHADER_SOURCE: FRAGMENT,
      METHOD: POINTS as number,
      UNIFORMS,
      ATTRIBUTES: [
        { name: 'a_position', size: 2, type: FLOAT },
        { name: 'a_size', size: 1, type: FLOAT },
        { name: 'a_shape', size: 1, type: FLOAT },
        { name: 'a_color', size: 4, type: UNSIGNED_BYTE, normalized: true },
        { name: 'a_border', size: 4, type: UNSIGNED_BYTE, normalized: true },
        { name: 'a_id', size: 4, type: UNSIGNED_BYTE, normalized: true },
      ],
    }
  }

  override processVisibleItem(nodeIndex: number, startIndex: number, data: NodeDisplayData): void {
    const { shape, edgeColour } = data as ShapedNode
    const { array } = this
    let at = startIndex
    array[at++] = data.x
    array[at++] = data.y
    array[at++] = data.size
    array[at++] = shape
    array[at++] = floatColor(data.color)
    array[at++] = floatColor(edgeColour)
    array[at++] = nodeIndex
  }

  override setUniforms(
    params: RenderParams,
    {
      gl,
      uniformLocations,
    }: {
      gl: WebGLRenderingContext | WebGL2RenderingContext
      uniformLocations: Record<(typeof UNIFORMS)[number], WebGLUniformLocation>
    },
  ): void {
    gl.uniform1f(uniformLocations.u_sizeRatio, params.sizeRatio)
    gl.uniform1f(uniformLocations.u_pixelRatio, params.pixelRatio)
    gl.uniformMatrix3fv(uniformLocations.u_matrix, false, params.matrix)
  }
}
