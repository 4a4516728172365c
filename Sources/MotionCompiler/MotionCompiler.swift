/// The whole chain with one import: human motion in, a proven robot trajectory out.
@_exported public import Files
@_exported public import Geometry
@_exported public import HumanBody
@_exported public import Kinematics
@_exported public import MotionData
@_exported public import MotionMetrics
@_exported public import MotionModels
@_exported public import Motions
@_exported public import Retargeting
@_exported public import Streaming
@_exported public import Trajectories
