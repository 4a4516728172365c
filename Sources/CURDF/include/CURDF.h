#ifndef MOTIONC_CURDF_H
#define MOTIONC_CURDF_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A URDF that was read, or the reason why it could not be.
typedef struct curdf_model curdf_model;

/// The types of a joint, as numbers.
enum {
  CURDF_UNKNOWN = 0,
  CURDF_REVOLUTE,
  CURDF_CONTINUOUS,
  CURDF_PRISMATIC,
  CURDF_FLOATING,
  CURDF_PLANAR,
  CURDF_FIXED
};

/// Reads a URDF's text through urdfdom. Never null unless memory is short; never prints.
/// What only pictures, collisions, transmissions and simulators need is left out before.
curdf_model *curdf_parse(const char *text);
/// Frees what `curdf_parse` gave; null is allowed.
void curdf_free(curdf_model *model);

/// Why the text is not a usable URDF: a sentence with urdfdom's own messages; null if it is one.
const char *curdf_error(const curdf_model *model);
/// What urdfdom said though it went on, a line each; never null.
const char *curdf_messages(const curdf_model *model);
/// The robot's name.
const char *curdf_name(const curdf_model *model);

/// How many links there are, in the order of the file.
size_t curdf_link_count(const curdf_model *model);
/// The name of a link.
const char *curdf_link_name(const curdf_model *model, size_t link);

/// How many `<collision>` elements a link has.
size_t curdf_collision_count(const curdf_model *model, size_t link);
/// The text of an attribute of a `<collision>`: of its `<origin>` or of the `<box>`, `<sphere>` or
/// `<cylinder>` in its `<geometry>`; null if absent. urdfdom never sees it, the caller checks it.
const char *curdf_collision_text(
    const curdf_model *model, size_t link, size_t collision, const char *element,
    const char *attribute);

/// How many `<visual>` elements a link has.
size_t curdf_visual_count(const curdf_model *model, size_t link);
/// As `curdf_collision_text`, of a `<visual>`.
const char *curdf_visual_text(
    const curdf_model *model, size_t link, size_t visual, const char *element,
    const char *attribute);
/// The text of an attribute of an element of a link's `<inertial>` (`origin`, `mass`); null if
/// absent.
const char *curdf_inertial_text(
    const curdf_model *model, size_t link, const char *element, const char *attribute);

/// How many joints there are, in the order of the file.
size_t curdf_joint_count(const curdf_model *model);
/// The name of a joint.
const char *curdf_joint_name(const curdf_model *model, size_t joint);
/// The type of a joint.
int curdf_joint_type(const curdf_model *model, size_t joint);
/// The name of the link above a joint.
const char *curdf_joint_parent(const curdf_model *model, size_t joint);
/// The name of the link below a joint.
const char *curdf_joint_child(const curdf_model *model, size_t joint);
/// Position [m], then the unit quaternion x, y, z, w of a joint's frame in its parent link.
void curdf_joint_origin(const curdf_model *model, size_t joint, double values[7]);
/// The axis of a joint as written, not normalised.
void curdf_joint_axis(const curdf_model *model, size_t joint, double values[3]);
/// Lower, upper, velocity, effort; 0 where a joint has no limit element, else 1.
int curdf_joint_limit(const curdf_model *model, size_t joint, double values[4]);
/// The joint that is followed, with multiplier and offset in `values`; null for a free joint.
const char *curdf_joint_mimic(const curdf_model *model, size_t joint, double values[2]);
/// The text of an attribute of a joint's element as it stands in the file, null if absent.
/// With it the caller checks numbers that urdfdom reads too leniently.
const char *curdf_joint_text(
    const curdf_model *model, size_t joint, const char *element, const char *attribute);

#ifdef __cplusplus
}
#endif

#endif
