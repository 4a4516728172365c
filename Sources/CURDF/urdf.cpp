#include "CURDF.h"

#include <console_bridge/console.h>
#include <tinyxml.h>
#include <urdf_model/model.h>
#include <urdf_parser/urdf_parser.h>

#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <vector>

struct curdf_model {
  TiXmlDocument document;
  urdf::ModelInterfaceSharedPtr robot;
  std::vector<std::string> links;
  std::vector<std::vector<const TiXmlElement *>> collisions;
  std::vector<std::vector<const TiXmlElement *>> visuals;
  std::vector<const TiXmlElement *> inertials;
  std::vector<urdf::JointConstSharedPtr> joints;
  std::vector<const TiXmlElement *> jointElements;
  std::string error;
  std::string messages;
};

namespace {

/// Collects what urdfdom would print.
class Collector : public console_bridge::OutputHandler {
public:
  explicit Collector(std::string &text) : text(text) {}
  void log(const std::string &message, console_bridge::LogLevel, const char *, int) override {
    if (text.size() > 2000) return;
    if (!text.empty()) text += "\n";
    text += message.substr(0, 500);
  }

private:
  std::string &text;
};

/// The output handler is one for the whole process, so parsing is one at a time.
std::mutex parsing;

void removeAllBut(TiXmlElement *element, const std::set<std::string> &kept) {
  for (TiXmlElement *child = element->FirstChildElement(); child;) {
    TiXmlElement *next = child->NextSiblingElement();
    if (!kept.count(child->ValueStr())) element->RemoveChild(child);
    child = next;
  }
}

/// A property changes nothing where no expression uses it; everything else would add elements.
bool needsXacro(const std::string &name) {
  return name.rfind("xacro:", 0) == 0 && name != "xacro:property";
}

bool hasExpression(const char *text) {
  return text && (std::strstr(text, "${") || std::strstr(text, "$("));
}

/// Says why the document cannot be a URDF, before urdfdom sees it.
std::string defect(TiXmlDocument &document) {
  if (document.Error()) {
    return "it is not well-formed XML: " + std::string(document.ErrorDesc()) + " (line " +
        std::to_string(document.ErrorRow()) + ", column " + std::to_string(document.ErrorCol()) +
        ")";
  }
  const TiXmlElement *root = document.RootElement();
  if (!root) return "it has no XML element, expected <robot>";
  if (root->ValueStr() != "robot")
    return "its root element is <" + root->ValueStr() + ">, expected <robot>";
  if (const TiXmlElement *second = root->NextSiblingElement())
    return "line " + std::to_string(second->Row()) + ": a second root element <" +
        second->ValueStr() + ">; a URDF holds one robot";
  size_t elements = 0;
  for (const TiXmlElement *child = root->FirstChildElement(); child;
       child = child->NextSiblingElement()) {
    // urdfdom frees a chain of links recursively where it refuses it.
    if (++elements > 20000) return "it has more than 20000 elements, more than any robot";
    if (child->ValueStr() == "robot")
      return "line " + std::to_string(child->Row()) +
          ": a <robot> inside of the robot; a URDF holds one";
    if (needsXacro(child->ValueStr()) || hasExpression(child->Attribute("name")))
      return "line " + std::to_string(child->Row()) + ": it is an unexpanded xacro file (<" +
          child->ValueStr() + ">); expand it first with the xacro tool";
  }
  return "";
}

/// Leaves only what kinematics needs, and gives each limit the attributes that urdfdom insists on
/// (absent velocity and effort mean "not given", which callers see in the original text).
void reduce(TiXmlElement *root) {
  removeAllBut(root, {"link", "joint"});
  for (TiXmlElement *element = root->FirstChildElement(); element;
       element = element->NextSiblingElement()) {
    if (element->ValueStr() == "link") {
      removeAllBut(element, {"inertial"});
      continue;
    }
    removeAllBut(element, {"origin", "parent", "child", "axis", "limit", "mimic"});
    if (TiXmlElement *limit = element->FirstChildElement("limit")) {
      if (!limit->Attribute("velocity")) limit->SetAttribute("velocity", "0");
      if (!limit->Attribute("effort")) limit->SetAttribute("effort", "0");
    }
  }
}

/// Fills the lists in the order of the file; urdfdom itself keeps names sorted.
void list(curdf_model &model) {
  const TiXmlElement *root = model.document.RootElement();
  for (const TiXmlElement *element = root->FirstChildElement(); element;
       element = element->NextSiblingElement()) {
    const char *name = element->Attribute("name");
    if (!name) continue;
    if (element->ValueStr() == "link") {
      model.links.push_back(name);
      model.collisions.emplace_back();
      for (const TiXmlElement *collision = element->FirstChildElement("collision"); collision;
           collision = collision->NextSiblingElement("collision"))
        model.collisions.back().push_back(collision);
      model.visuals.emplace_back();
      for (const TiXmlElement *visual = element->FirstChildElement("visual"); visual;
           visual = visual->NextSiblingElement("visual"))
        model.visuals.back().push_back(visual);
      model.inertials.push_back(element->FirstChildElement("inertial"));
    } else if (element->ValueStr() == "joint") {
      urdf::JointConstSharedPtr joint = model.robot->getJoint(name);
      if (!joint) continue;
      model.joints.push_back(joint);
      model.jointElements.push_back(element);
    }
  }
}

void parse(curdf_model &model, const char *text) {
  model.document.Parse(text, nullptr, TIXML_ENCODING_UTF8);
  model.error = defect(model.document);
  if (!model.error.empty()) return;
  TiXmlDocument reduced(model.document);
  reduce(reduced.RootElement());
  TiXmlPrinter printer;
  printer.SetStreamPrinting();
  reduced.Accept(&printer);

  std::lock_guard<std::mutex> lock(parsing);
  Collector collector(model.messages);
  console_bridge::OutputHandler *previous = console_bridge::getOutputHandler();
  const console_bridge::LogLevel level = console_bridge::getLogLevel();
  console_bridge::useOutputHandler(&collector);
  console_bridge::setLogLevel(console_bridge::CONSOLE_BRIDGE_LOG_WARN);
  try {
    model.robot = urdf::parseURDF(printer.Str());
  } catch (const std::exception &failure) {
    model.error = failure.what();
  } catch (...) {
    model.error = "urdfdom failed";
  }
  console_bridge::setLogLevel(level);
  console_bridge::useOutputHandler(previous);
  if (!model.robot) {
    if (model.error.empty())
      model.error = model.messages.empty() ? "urdfdom refused it" : model.messages;
    return;
  }
  list(model);
}

/// The text of an attribute of a `<collision>` or `<visual>`.
const char *shapeText(const TiXmlElement *shape, const char *element, const char *attribute) {
  const TiXmlElement *parent = shape;
  if (std::strcmp(element, "origin") != 0) parent = parent->FirstChildElement("geometry");
  const TiXmlElement *found = parent ? parent->FirstChildElement(element) : nullptr;
  return found ? found->Attribute(attribute) : nullptr;
}

}  // namespace

curdf_model *curdf_parse(const char *text) {
  curdf_model *model = new (std::nothrow) curdf_model;
  if (!model) return nullptr;
  try {
    parse(*model, text);
  } catch (const std::exception &failure) {
    model->robot.reset();
    model->error = failure.what();
  } catch (...) {
    model->robot.reset();
    model->error = "urdfdom failed";
  }
  return model;
}

void curdf_free(curdf_model *model) {
  if (!model) return;
  if (model->robot) {
    // Links own their children; cut apart first, so that a long chain is not freed recursively.
    for (auto &entry : model->robot->links_) {
      entry.second->child_links.clear();
      entry.second->child_joints.clear();
    }
  }
  delete model;
}

const char *curdf_error(const curdf_model *model) {
  return model->error.empty() ? nullptr : model->error.c_str();
}

const char *curdf_messages(const curdf_model *model) { return model->messages.c_str(); }

const char *curdf_name(const curdf_model *model) { return model->robot->name_.c_str(); }

size_t curdf_link_count(const curdf_model *model) { return model->links.size(); }

const char *curdf_link_name(const curdf_model *model, size_t link) {
  return model->links[link].c_str();
}

size_t curdf_collision_count(const curdf_model *model, size_t link) {
  return model->collisions[link].size();
}

const char *curdf_collision_text(
    const curdf_model *model, size_t link, size_t collision, const char *element,
    const char *attribute) {
  return shapeText(model->collisions[link][collision], element, attribute);
}

size_t curdf_visual_count(const curdf_model *model, size_t link) {
  return model->visuals[link].size();
}

const char *curdf_visual_text(
    const curdf_model *model, size_t link, size_t visual, const char *element,
    const char *attribute) {
  return shapeText(model->visuals[link][visual], element, attribute);
}

const char *curdf_inertial_text(
    const curdf_model *model, size_t link, const char *element, const char *attribute) {
  const TiXmlElement *inertial = model->inertials[link];
  const TiXmlElement *found = inertial ? inertial->FirstChildElement(element) : nullptr;
  return found ? found->Attribute(attribute) : nullptr;
}

size_t curdf_joint_count(const curdf_model *model) { return model->joints.size(); }

const char *curdf_joint_name(const curdf_model *model, size_t joint) {
  return model->joints[joint]->name.c_str();
}

int curdf_joint_type(const curdf_model *model, size_t joint) {
  switch (model->joints[joint]->type) {
  case urdf::Joint::REVOLUTE: return CURDF_REVOLUTE;
  case urdf::Joint::CONTINUOUS: return CURDF_CONTINUOUS;
  case urdf::Joint::PRISMATIC: return CURDF_PRISMATIC;
  case urdf::Joint::FLOATING: return CURDF_FLOATING;
  case urdf::Joint::PLANAR: return CURDF_PLANAR;
  case urdf::Joint::FIXED: return CURDF_FIXED;
  default: return CURDF_UNKNOWN;
  }
}

const char *curdf_joint_parent(const curdf_model *model, size_t joint) {
  return model->joints[joint]->parent_link_name.c_str();
}

const char *curdf_joint_child(const curdf_model *model, size_t joint) {
  return model->joints[joint]->child_link_name.c_str();
}

void curdf_joint_origin(const curdf_model *model, size_t joint, double values[7]) {
  const urdf::Pose &pose = model->joints[joint]->parent_to_joint_origin_transform;
  values[0] = pose.position.x;
  values[1] = pose.position.y;
  values[2] = pose.position.z;
  pose.rotation.getQuaternion(values[3], values[4], values[5], values[6]);
}

void curdf_joint_axis(const curdf_model *model, size_t joint, double values[3]) {
  const urdf::Vector3 &axis = model->joints[joint]->axis;
  values[0] = axis.x;
  values[1] = axis.y;
  values[2] = axis.z;
}

int curdf_joint_limit(const curdf_model *model, size_t joint, double values[4]) {
  const auto &limits = model->joints[joint]->limits;
  if (!limits) return 0;
  values[0] = limits->lower;
  values[1] = limits->upper;
  values[2] = limits->velocity;
  values[3] = limits->effort;
  return 1;
}

const char *curdf_joint_mimic(const curdf_model *model, size_t joint, double values[2]) {
  const auto &mimic = model->joints[joint]->mimic;
  if (!mimic) return nullptr;
  values[0] = mimic->multiplier;
  values[1] = mimic->offset;
  return mimic->joint_name.c_str();
}

const char *curdf_joint_text(
    const curdf_model *model, size_t joint, const char *element, const char *attribute) {
  const TiXmlElement *found = model->jointElements[joint]->FirstChildElement(element);
  return found ? found->Attribute(attribute) : nullptr;
}
